"""Does what its input says."""

import asyncio
import json
import os
import socket
import stat
import threading
import time

import agora


class InputError(Exception):
    """Wrong input."""


def apply(input):
    if not isinstance(input, dict) or "do" not in input:
        return {"type": type(input).__name__, "length": len(input)}
    return ACTIONS[input["do"]](input.get("with"))


def fail(message):
    raise InputError(message)


def sleep(seconds):
    time.sleep(seconds)
    return seconds


def say(lines):
    for line in lines:
        print(line)
    os.system("echo from a child")
    return len(lines)


def print_and_exit(text):
    print(text)
    os._exit(9)


def call(what):
    time.sleep(what.get("after", 0))
    return agora.call(what["algorithm"], what["value"])


def call_later(what):
    """Asks for a call and does not wait for it."""
    path = "/v1/algo/" + what["algorithm"] + "?output=void"
    if "webhook" in what:
        path += "&webhook=" + what["webhook"].replace("?", "%3F").replace("=", "%3D")
    return ask("POST", path, json.dumps(what["value"]))


def look(path):
    return ask("GET", path, None)


def ask(method, path, body):
    connection = agora._Connection("agora")
    headers = {"Content-Type": "application/json", "Authorization": "Simple " + agora._token}
    connection.request(method, path, body, headers)
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return answer


def find_channel():
    """The descriptor on which the runner answers: it is no secret."""
    return next(number for number in range(64) if is_socket(number))


def is_socket(number):
    try:
        return stat.S_ISSOCK(os.fstat(number).st_mode)
    except OSError:
        return False


def write(what):
    """Writes to the channel itself, may end that, waits, and answers as if nothing had been."""
    channel = find_channel()
    for part in what["parts"]:
        os.write(channel, part.encode())
        time.sleep(what.get("pause", 0))
    if what.get("end") == "close":
        os.close(channel)
    if what.get("end") == "shutdown":
        socket.socket(fileno=os.dup(channel)).shutdown(socket.SHUT_RDWR)
    time.sleep(what.get("wait", 0))
    return "the real answer"


def stream(what):
    """Yields its values, with a pause after each, and may fail or return something at the end."""
    for value in what["values"]:
        yield bytes(value["bytes"]) if isinstance(value, dict) and "bytes" in value else value
        time.sleep(what.get("pause", 0))
    if "fail" in what:
        raise InputError(what["fail"])
    return what.get("return")


async def stream_asynchronously(what):
    for value in what["values"]:
        await asyncio.sleep(0)
        yield value


def pour(mebibytes):
    """Yields text without a pause."""
    for _ in range(mebibytes):
        yield "x" * (1 << 20)


def fork(value):
    """Two processes come back from here: both answer."""
    os.fork()
    return value


def write_later(what):
    """A thread writes to the channel some time after the answer."""
    thread = threading.Timer(what["after"], os.write, (find_channel(), what["line"].encode()))
    thread.daemon = True
    thread.start()
    return "answered"


ACTIONS = {
    "echo": lambda value: value,
    "text": str,
    "bytes": bytes,
    "now": lambda _: time.time_ns(),
    "fail": fail,
    "sleep": sleep,
    "exit": os._exit,
    "say": say,
    "print_and_exit": print_and_exit,
    "call": call,
    "call_later": call_later,
    "look": look,
    "huge": lambda mebibytes: "x" * (mebibytes << 20),
    "write": write,
    "stream": stream,
    "stream_asynchronously": stream_asynchronously,
    "pour": pour,
    "fork": fork,
    "write_later": write_later,
}
