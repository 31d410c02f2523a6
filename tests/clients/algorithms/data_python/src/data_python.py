import Algorithmia
from Algorithmia import ADK

client = Algorithmia.client()


def apply(input):
    text = client.file(input).getString()
    client.file(input + ".twice").put(text + " " + text)
    return client.file(input + ".twice").getString()


ADK(apply).init("data://.my/clients/word.txt")
