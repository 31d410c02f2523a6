"""Answers calls to one Python algorithm: one line of JSON in, one out, on the call channel (descriptor 0).

Stand-alone: standard library only, Python 3.9 or newer. What the algorithm prints goes to the log pipe
(descriptors 1 and 2); the call channel moves to a private descriptor at boot, where no print can reach it.
"""

import base64
import contextlib
import importlib
import importlib.util
import inspect
import json
import os
import select
import sys
import time
import traceback

PROTOCOL = 1
READ_SIZE = 1 << 16  # more would be memory that the system gives and takes for each reading


def main():
    """Boots, says ready, loads one version, answers calls until the channel closes."""
    channel = take_channel()
    for module in filter(None, os.environ.pop("AGORA_PRELOAD", "").split(",")):
        importlib.import_module(module)
    agora = importlib.import_module("agora")
    lines = read_lines(channel)
    send(channel, b'{"ready":{"protocol":%d}}\n' % PROTOCOL)
    line = next(lines, None)
    if line is not None:
        order = json.loads(line)["load"]
        become_bridge(channel, order)
        apply = load_and_report(channel, order)
        serve(channel, lines, apply, agora)


def become_bridge(channel, order):
    """Gives the process to the bridge, where the build put one: the version has a main loop of its own.

    The variables go by the environment; so its order is an empty file.
    """
    bridge = os.path.join(order["directory"], ".packages", "algorithm")
    if os.path.isfile(bridge):
        os.chdir(order["directory"])
        os.dup2(channel, 3)
        os.set_inheritable(3, True)  # it may be 3 already
        program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "main_loop.py")
        os.environ.update(order.get("environment_variables") or {})
        os.execv(bridge, [bridge, os.devnull, sys.executable, "-s", program, order["entry"]])


def take_channel():
    """Moves the call channel away from descriptor 0, leaving /dev/null there."""
    channel = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True, errors="backslashreplace")
    return channel


def read_lines(channel):
    """Each line that comes on the channel, until it closes.

    Waits in poll(): who waits in read() is woken once more, for nothing, when the other end takes the answer.
    """
    readable = select.poll()
    readable.register(channel, select.POLLIN)
    pieces = []
    while True:
        readable.poll()
        received = os.read(channel, READ_SIZE)
        if not received:
            return
        *lines, rest = received.split(b"\n")
        for line in lines:
            yield b"".join([*pieces, line]) if pieces else line
            pieces = []
        if rest:
            pieces.append(rest)


def send(channel, line):
    view = memoryview(line)
    while view:
        view = view[os.write(channel, view) :]


def load_and_report(channel, order):
    """Loads the version and reports; ends the process when it cannot be loaded."""
    started = time.perf_counter_ns()
    try:
        apply = load(order)
    except BaseException as error:
        flush_prints()
        send(channel, error_line(error))
        sys.exit(1)
    flush_prints()
    send(channel, b'{"loaded":{"duration_us":%d}}\n' % ((time.perf_counter_ns() - started) // 1000))
    return apply


def load(order):
    """Imports the entry, runs its load(), and returns a function of one argument."""
    directory = order["directory"]
    entry = os.path.join(directory, order["entry"])
    os.environ.update(order.get("environment_variables") or {})
    os.chdir(directory)
    sys.path[1:1] = [os.path.dirname(entry), directory, os.path.join(directory, ".packages")]
    module = import_file(entry)
    apply = getattr(module, "apply", None)
    if not callable(apply):
        raise LoadingError("%s has no function called apply" % order["entry"])
    state = module.load() if callable(getattr(module, "load", None)) else None
    if wants_state(apply, state):
        return lambda value: apply(value, state)
    return apply


def import_file(entry):
    name = os.path.splitext(os.path.basename(entry))[0]
    folder = os.path.dirname(entry)
    if os.path.isfile(os.path.join(folder, "__init__.py")):  # a package, whose modules may name each other with dots
        return importlib.import_module(os.path.basename(folder) + "." + name)
    if name in sys.modules:  # an algorithm may be called `json`
        name = "algorithm_" + name
    spec = importlib.util.spec_from_file_location(name, entry)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def wants_state(apply, state):
    """Whether apply takes load()'s result: it must have room for it, and there must be one or it must insist."""
    try:
        parameters = list(inspect.signature(apply).parameters.values())
    except (TypeError, ValueError):
        return False
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return len(positional) >= 2 and (state is not None or positional[1].default is inspect.Parameter.empty)


class LoadingError(Exception):
    """The version has nothing to call."""


def serve(channel, lines, apply, agora):
    """The loop: a line, one call, one write."""
    for line in lines:
        call_id = None
        try:
            request, _ = DECODER.raw_decode(str(line, "utf-8"))
            call_id = request.get("id")
            agora.set_token(request.get("token"))
            data = request["data"]
            if request["content_type"] == "binary":
                data = base64.b64decode(data)
            result = apply(data)
            if type(result) not in WHOLE and makes_chunks(result):
                result = send_chunks(channel, result)
            answer = result_line(result)
        except BaseException as error:  # also SystemExit: the caller is told, and the slot goes on
            answer = error_line(error)
        flush_prints()
        send(channel, answer if call_id is None else b'%b,"id":"%b"}\n' % (answer[:-2], call_id.encode()))


def makes_chunks(result):
    """Whether it is an iterator, also an asynchronous one; not what only can be iterated."""
    return hasattr(type(result), "__next__") or hasattr(type(result), "__anext__")


def send_chunks(channel, produced):
    """Sends what a generator or another iterator makes, as it comes; returns what is left to answer."""
    chunks = produced if hasattr(type(produced), "__next__") else iterate(produced)
    sent = False
    while True:
        try:
            chunk = next(chunks)
        except StopIteration as end:
            return [] if end.value is None and not sent else end.value
        send(channel, result_line(chunk, b"chunk"))
        sent = True


def iterate(produced):
    """An asynchronous iterator as a generator, run in a loop of its own."""
    asyncio = importlib.import_module("asyncio")  # takes its time: only for those who use it
    with contextlib.closing(asyncio.new_event_loop()) as loop:
        try:
            while True:
                yield loop.run_until_complete(produced.__anext__())
        except StopAsyncIteration:
            return
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())


def plain(value):
    """Turns arrays and scalars of numpy and its kin into lists and numbers."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError("the result cannot be written as JSON: it holds a value of type %s" % type(value).__name__)


WHOLE = (dict, list, str, bytes, int, float, bool, type(None))
"""What most results are: to look into their types for what they lack takes longer than to know them."""
DECODER = json.JSONDecoder()
ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=plain)
ASCII_ENCODER = json.JSONEncoder(separators=(",", ":"), allow_nan=False, default=plain)


def keep_inner_encoder(encoder):
    """`encoder.encode`, with what it is made of in C kept, which json makes anew for each value; where this Python has
    that in this shape, which is not documented."""
    open_objects = {}  # what finds an object that holds itself
    try:
        inner = json.encoder.c_make_encoder(
            open_objects, encoder.default, json.encoder.encode_basestring, None, ":", ",", False, False, False
        )
        inner([0.5, None], 0)
    except (AttributeError, TypeError):
        return encoder.encode

    def encode(value):
        try:
            return "".join(inner(value, 0))
        except BaseException:
            open_objects.clear()
            raise

    return encode


encode = keep_inner_encoder(ENCODER)


def result_line(result, key=b"result"):
    """One line for the caller. Raises TypeError or ValueError, for the author, when JSON cannot carry the result."""
    if isinstance(result, (bytes, bytearray, memoryview)):
        return b'{"%b":"%b","metadata":{"content_type":"binary"}}\n' % (key, base64.b64encode(result))
    kind = b"text" if isinstance(result, str) else b"json"
    try:
        text = encode(result)
    except ValueError as error:
        if "Out of range" not in str(error):
            raise
        raise ValueError("the result holds NaN or infinity, which JSON cannot carry") from None
    return b'{"%b":%b,"metadata":{"content_type":"%b"}}\n' % (key, to_bytes(text, result), kind)


def to_bytes(text, result):
    try:
        return text.encode()
    except UnicodeEncodeError:  # half a surrogate pair: only an escape can carry it
        return ASCII_ENCODER.encode(result).encode()


def error_line(error):
    """One error line: the message, the type, and the author's frames only."""
    kind = getattr(error, "error_type", None)
    message = str(error)
    if isinstance(error, SystemExit):
        message = "exited with code %s" % (0 if error.code is None else error.code)
    body = {
        "message": message or type(error).__name__,
        "stacktrace": author_trace(error),
        "error_type": kind if isinstance(kind, str) else type(error).__name__,
    }
    return json.dumps({"error": body}, separators=(",", ":")).encode() + b"\n"


def author_trace(error):
    report = traceback.TracebackException(type(error), error, error.__traceback__)
    drop_our_frames(report)
    return "".join(report.format())


def drop_our_frames(report):
    frames = [f for f in report.stack if f.filename != __file__ and not f.filename.startswith("<frozen importlib")]
    report.stack = traceback.StackSummary.from_list(frames)
    for cause in (report.__cause__, report.__context__):
        if cause is not None:
            drop_our_frames(cause)


def flush_prints():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:  # the algorithm may have closed or replaced it
            pass


if __name__ == "__main__":
    main()
