from Algorithmia import ADK


def apply(input, state):
    if input == "fail":
        raise ValueError("no greeting for fail")
    print("greeting")
    return "{} {}".format(state["greeting"], input)


def load():
    return {"greeting": "Hello"}


algorithm = ADK(apply, load)
algorithm.init("Algorithmia")
