"""Does what its input says."""

import os
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


def call(what):
    return agora.call(what["algorithm"], what["value"])


ACTIONS = {
    "echo": lambda value: value,
    "text": str,
    "bytes": bytes,
    "fail": fail,
    "sleep": sleep,
    "exit": os._exit,
    "call": call,
}
