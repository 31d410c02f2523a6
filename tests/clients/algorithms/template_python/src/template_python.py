from .words import GREETING


def apply(input):
    if input == "fail":
        raise Exception("no greeting for fail")
    return GREETING + " " + input
