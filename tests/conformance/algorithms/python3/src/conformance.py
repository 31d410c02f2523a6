import os
import subprocess


def load():
    if os.path.exists("fail_load.txt"):
        raise RuntimeError("no model")
    return {"count": 0}


def apply(input, state):
    what = input.get("do") if isinstance(input, dict) else None
    if what is None:
        return input
    return globals()["do_" + what](input, state)


def do_text(input, state):
    return "tëxt 🍎"


def do_bytes(input, state):
    return bytes([0, 255, 10, 128])


def do_count(input, state):
    state["count"] += 1
    return state["count"]


def do_raise(input, state):
    raise ValueError("deliberate 🍎")


def do_exit(input, state):
    os._exit(3)


def do_loop(input, state):
    while True:
        pass


def do_stream(input, state):
    yield from range(1, input["count"] + 1)


def do_shell(input, state):
    subprocess.run(input["command"], shell=True)
    return "done"


def do_print(input, state):
    subprocess.run(["echo", "from a child"])
    for _ in range(input["mebibytes"] * 1024):
        print("x" * 1023)
    return "printed"


def do_hog(input, state):
    held = []
    while True:
        held.append(bytearray(1 << 20))


def do_spawn(input, state):
    children = [subprocess.Popen(["sleep", "60"]) for _ in range(2000)]
    return len(children)
