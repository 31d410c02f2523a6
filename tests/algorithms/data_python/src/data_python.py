"""Each step of its input is `[address, method, ...arguments]`; it answers what the last one did."""

from pathlib import Path

import agora


def apply(input):
    result = None
    for address, method, *arguments in input:
        try:
            result = call(address, arguments) if method == "call" else ask(address, method, arguments)
        except agora.DataError as error:
            return {"status": error.status, "message": error.message}
    return result


def call(algorithm, arguments):
    return agora.call(algorithm, *arguments)


def ask(address, method, arguments):
    data = agora.data(address)
    if method == "copy":
        data.save("/tmp/copy")
        with Path("/tmp/copy").open("rb") as file:
            return agora.data(arguments[0]).write(file)
    if method == "write_bytes":
        return data.write(bytes(arguments[0]))
    if method == "read":
        return list(data.read())
    return getattr(data, method)(*arguments)
