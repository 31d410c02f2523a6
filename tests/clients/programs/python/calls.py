"""Calls by the published Python client: the key and the address come from its own environment variables."""

import json

import Algorithmia
from Algorithmia.algorithm import OutputType
from Algorithmia.errors import AlgorithmException
from checks import check, main

client = Algorithmia.client()
ECHO = "demo/echo_python"


def raised(function, *arguments):
    try:
        function(*arguments)
    except AlgorithmException as error:
        return error
    raise AssertionError("nothing was raised")


@check
def json_text_and_binary():
    for value in (None, True, 5, 1.5, [1, {"a": None}], "text ä", ""):
        response = client.algo(ECHO).pipe(value)
        assert response.result == value, response.result
        assert response.metadata.content_type == ("text" if isinstance(value, str) else "json")
        assert response.metadata.duration > 0
    assert bytes(client.algo(ECHO).pipe(bytearray(range(256))).result) == bytes(range(256))


@check
def forms_of_the_reference():
    for reference in ("algo://" + ECHO, "/" + ECHO, ECHO + "/latest", ECHO + "/0.1.0", ECHO + "/0.1", ECHO + "/0.1.*"):
        assert client.algo(reference).pipe(5).result == 5, reference


@check
def options():
    algorithm = client.algo("demo/adk_python").set_options(timeout=60, stdout=True, a_parameter="x")
    response = algorithm.pipe("Ann")
    assert response.result == "Hello Ann"
    assert "greeting" in response.metadata.stdout


@check
def raw_output():
    assert json.loads(client.algo(ECHO).set_options(output=OutputType.raw).pipe({"a": 1})) == {"a": 1}
    assert client.algo(ECHO).set_options(output=OutputType.raw).pipe("text") == "text"


@check
def void_output():
    response = client.algo(ECHO).set_options(output=OutputType.void).pipe(5)
    assert response.request_id.startswith("req-"), response.request_id
    assert response.async_protocol == "void" if hasattr(response, "async_protocol") else True


@check
def errors_of_the_algorithm():
    error = raised(client.algo("demo/adk_python").pipe, "fail")
    assert error.message == "no greeting for fail", error.message
    assert error.error_type == "AlgorithmError", error.error_type
    assert "apply" in error.stack_trace


@check
def an_unknown_algorithm():
    assert raised_anything(client.algo("demo/no_such_algorithm").pipe, 1) is not None


@check
def no_key_and_a_wrong_one():
    for key in ("", "simwrongkeywrongkeywrongkey1"):
        error = raised_anything(Algorithmia.client(key, client.apiAddress).algo(ECHO).pipe, 1)
        assert error is not None


def raised_anything(function, *arguments):
    try:
        function(*arguments)
    except Exception as error:  # noqa: BLE001 - which class it is, the client decides
        return error
    raise AssertionError("nothing was raised")


@check
def a_client_for_each_form_of_key():
    assert Algorithmia.client("Simple " + client.apiKey, client.apiAddress).algo(ECHO).pipe(1).result == 1


main()
