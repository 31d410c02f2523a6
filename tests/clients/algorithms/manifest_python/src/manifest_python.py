import Algorithmia
from Algorithmia import ADK

client = Algorithmia.client()


def load(models):
    with open(models.get_model("greeting")) as file:
        return {"greeting": file.read()}


def apply(input, state):
    return state["greeting"] + " " + input


ADK(apply, load, client).init("Ann")
