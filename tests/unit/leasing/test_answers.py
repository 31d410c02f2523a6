"""Response lines, and what the author reads when a slot dies."""

import pytest

from execution.leasing.answers import BrokenProtocol, Usage, describe_exit, read_response
from execution.protocol.agent_messages import AlgorithmFailure, Exited


@pytest.mark.parametrize(
    ("line", "content_type", "result"),
    [
        (b'{"result":[1,{"a":null}],"metadata":{"content_type":"json"}}\n', "json", b'[1,{"a":null}]'),
        (b'{"result":null,"metadata":{"content_type":"json"}}\n', "json", b"null"),
        ('{"metadata":{"content_type":"text"},"result": "\u00e9" }\n'.encode(), "text", '"\u00e9"'.encode()),
        (b'{"result":"AAE=","metadata":{"content_type":"binary","more":1}}\n', "binary", b'"AAE="'),
    ],
)
def test_a_result(line: bytes, content_type: str, result: bytes) -> None:
    usage = Usage(run_us=5)
    answer = read_response(line, usage)
    assert (answer.outcome, answer.content_type, answer.error) == ("ok", content_type, None)
    assert answer.result is not None
    assert bytes(answer.result) == result
    assert answer.usage is usage


def test_an_error() -> None:
    line = b'{"error":{"message":"no","stacktrace":"line 1","error_type":"ValueError"}}\n'
    answer = read_response(line, Usage())
    assert answer.outcome == "algorithm_error"
    assert answer.error == AlgorithmFailure("no", "ValueError", "line 1")


BROKEN = {
    "empty": b"\n",
    "not JSON": b"hello\n",
    "not an object": b"[1]\n",
    "neither": b"{}\n",
    "no metadata": b'{"result":1}\n',
    "no result": b'{"metadata":{"content_type":"json"}}\n',
    "unknown type": b'{"result":1,"metadata":{"content_type":"xml"}}\n',
    "NaN": b'{"result":NaN,"metadata":{"content_type":"json"}}\n',
    "not UTF-8": b'{"result":"\xff","metadata":{"content_type":"json"}}\n',
    "binary that is no text": b'{"result":5,"metadata":{"content_type":"binary"}}\n',
    "text that is no text": b'{"result":["a"],"metadata":{"content_type":"text"}}\n',
    "too deep": b'{"result":' + b"[" * 100_000 + b"]" * 100_000 + b',"metadata":{"content_type":"json"}}\n',
    "an error without words": b'{"error":{}}\n',
}


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_what_is_no_response(name: str) -> None:
    with pytest.raises(BrokenProtocol):
        read_response(BROKEN[name], Usage())


@pytest.mark.parametrize(
    ("exited", "message", "error_type", "log"),
    [
        (None, "the algorithm's process ended before it answered", "SystemError", None),
        (Exited(1, exit_code=3, log_tail="x"), "the algorithm's process ended with exit code 3", "SystemExit", "x"),
        (Exited(1, signal=11), "the algorithm's process was ended by signal 11", "SystemError", None),
        (
            Exited(1, signal=9, out_of_memory=True),
            "the algorithm used more memory than its limit of 256 MiB",
            "OutOfMemoryError",
            None,
        ),
    ],
)
def test_why_a_slot_died(exited: Exited | None, message: str, error_type: str, log: str | None) -> None:
    assert describe_exit(exited, 256 << 20) == AlgorithmFailure(message, error_type, log)
