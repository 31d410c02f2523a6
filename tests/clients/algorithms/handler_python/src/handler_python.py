import Algorithmia


def apply(input, greeting):
    if input == "fail":
        raise Exception("no greeting for fail")
    return "{} {}".format(greeting, input)


def load():
    return "Hello"


Algorithmia.handler(apply, load).serve()
