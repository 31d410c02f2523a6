"""Hosted data by the published Python client."""

import os
import tempfile

import Algorithmia
from Algorithmia.acl import AclType, ReadAcl
from checks import check, main

client = Algorithmia.client()
NAME = f"clients_{os.getpid()}"
URI = f"data://.my/{NAME}"


@check
def the_user_name():
    assert client.username() == "demo", client.username()


@check
def directories():
    directory = client.dir(URI)
    assert not directory.exists()
    directory.create(ReadAcl.private)
    assert directory.exists()
    assert directory.get_permissions().read_acl == AclType.private
    assert directory.update_permissions(ReadAcl.public)
    assert directory.get_permissions().read_acl == AclType.public


@check
def files():
    file = client.file(f"{URI}/note.txt")
    assert not file.exists()
    file.put("text ä")
    assert file.exists()
    assert file.getString() == "text ä"
    file.putJson({"a": [1]})
    assert file.getJson() == {"a": [1]}
    file.put(bytes(range(256)))
    assert file.getBytes() == bytes(range(256))
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as local:
        local.write("from a file")
        local.flush()
        client.file(f"{URI}/local.txt").putFile(local.name)
    with client.file(f"data://demo/{NAME}/local.txt").getFile() as copy:
        assert copy.read() == "from a file"


@check
def listing():
    for number in range(3):
        client.file(f"{URI}/{number}.txt").put(str(number))
    files = {file.getName(): file for file in client.dir(URI).files()}
    assert {"0.txt", "1.txt", "2.txt"} <= files.keys(), files
    assert files["0.txt"].size == 1
    assert files["0.txt"].last_modified.year >= 2024
    assert NAME in {directory.getName() for directory in client.dir("data://.my").dirs()}


@check
def names_that_need_quoting():
    file = client.file(f"{URI}/a name with spaces & ü.txt")
    file.put("x")
    assert file.getString() == "x"


@check
def what_is_not_there():
    try:
        client.file(f"{URI}/nothing.txt").getString()
    except Algorithmia.errors.DataApiError as error:
        assert "not" in str(error)  # noqa: PT017 - no pytest here
    else:
        raise AssertionError("it was there")


@check
def an_algorithm_that_uses_them():
    client.dir("data://.my/clients").create() if not client.dir("data://.my/clients").exists() else None
    client.file("data://.my/clients/word.txt").put("Hallo")
    assert client.algo("demo/data_python").pipe("data://.my/clients/word.txt").result == "Hallo Hallo"
    assert client.file("data://.my/clients/word.txt.twice").getString() == "Hallo Hallo"


@check
def deleting():
    client.file(f"{URI}/0.txt").delete()
    assert not client.file(f"{URI}/0.txt").exists()
    try:
        client.dir(URI).delete()
    except Algorithmia.errors.DataApiError:
        pass
    else:
        raise AssertionError("a directory with files was deleted without force")
    client.dir(URI).delete(True)
    assert not client.dir(URI).exists()


main()
