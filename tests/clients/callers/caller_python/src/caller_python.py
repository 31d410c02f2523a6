import Algorithmia

client = Algorithmia.client()


def apply(input):
    return client.algo("demo/template_python").pipe(input).result
