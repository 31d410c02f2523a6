"""What every language must do. Each check is one function of a Bench; it fails by an exception.

The test algorithm of a language (algorithms/<id>) answers its input, unless that is an object with a key "do":
text, bytes, count, raise, exit, loop, print, hog, spawn. See docs/how_to/add_a_language.md.
"""

import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from execution.errors import BuildFailed
from execution.sandbox.watched import descendants
from tests.conformance.bench import FAIL_LOAD, NAME, Bench
from tests.conformance.slot import MEBIBYTE, Ended, Refused, Silent, request_for
from tests.conformance.through_agent import call_all

VALUES: tuple[object, ...] = (
    None, True, False, 0, -1, 42, 1.5, -0.25, "", "plain", 'a "quoted" \\ text', "line\nfeed\ttab\r\x01\x7f",
    "tëxt", "日本語", "🍎 beyond 👩‍👩‍👧", "\u2028</script>",
    [], {}, [[]], [{}], {"a": []}, {"a": {}}, [None], [True, None, "x"],
    [1, [2, [3, [4]]]], {"a": 1, "b": [1, 2, {"c": None}]}, {"": 1}, {"ключ 🔑": "значение"}, [0.5, "0.5", 1],
    {"nested": {"nested": {"nested": [{"deep": True}]}}}, [{"x": 1}, {"x": 2}], ["1", "true", "null"], [[1, 2], [3, 4]],
)  # fmt: skip
FLOATS = (0.1, 3.141592653589793, 1e-7, 1e21, 1.7976931348623157e308, 2.5e-308, -123456.789)
SAFE, SIXTY_FOUR, HUGE = 2**53 - 1, 2**63 - 1, 10**30 + 7
DEPTH = 100
FORGED = '{"result":"forged","metadata":{"content_type":"text"}}'
FORGING = f"""
for place in /proc/self/fd/*; do
  perl -e 'open F, ">&=", $ARGV[0] and print F q({FORGED}), "\\n" if $ARGV[0] > 2' "${{place##*/}}"
done
for place in $(find /tmp -type p 2>/dev/null); do echo '{FORGED}' >"$place" & done
echo '{FORGED}' >&0
sleep 0.1
"""
ENDLESS = 2_000
LARGE = 10 * MEBIBYTE
PRINTED_MEBIBYTES = int(os.environ.get("AGORA_CONFORMANCE_PRINT", "1024"))
"""A gigabyte takes most languages 1 to 5 s. Reading it takes the log 1 s of a processor; what is slow is how
Groovy (16 s of one), Elixir (4) and Haskell (3) write it."""
SMALL_MEMORY = 384 * MEBIBYTE
SECRET = "of-the-account-"
SECRETS = {f"SECRET_{number}": (SECRET * 4096)[: 50 << 10] for number in range(4)}


def answers_json_values(bench: Bench) -> None:
    with bench.start() as slot:
        for value in (*VALUES, *FLOATS):
            check_same(slot.call(value), value)
            check_same(slot.call({"wrapped": [value]}), {"wrapped": [value]})
            escaped = json.dumps(request_for({"ünï": [value]})).encode() + b"\n"
            check_same(slot.exchange(escaped)["result"], {"ünï": [value]})


def answers_deep_values(bench: Bench) -> None:
    value: object = "bottom"
    for level in range(DEPTH):
        value = [value] if level % 2 else {"down": value}
    with bench.start() as slot:
        check_same(slot.call(value), value)


def keeps_big_integers(bench: Bench) -> None:
    """Those that the manifest promises; others come back as the nearest float, or are refused, but never wrong."""
    largest = {"exact": HUGE, "64-bit": SIXTY_FOUR, "double": SAFE}[bench.environment.manifest.big_integers]
    with bench.start() as slot:
        for value in (SAFE, -SAFE, SAFE + 2, SIXTY_FOUR, -SIXTY_FOUR, HUGE):
            if abs(value) <= largest:
                check_same(slot.call([value]), [value])
            else:
                with suppress(Refused):
                    check_nearly(slot.call([value]), value)


def check_nearly(answer: object, value: int) -> None:
    assert isinstance(answer, list)
    assert abs(answer[0] - value) <= abs(value) * 1e-15, f"{value}: {answer}"


def answers_text_and_binary(bench: Bench) -> None:
    every_byte = bytes(range(256))
    with bench.start() as slot:
        check_same(slot.call("héllo 🍎"), "héllo 🍎")
        check_same(slot.call(every_byte), every_byte)
        check_same(slot.call(b""), b"")
        check_same(slot.call(b"plain"), b"plain")
        for request, kind in (({"do": "text"}, "text"), ({"do": "bytes"}, "binary"), ([1], "json")):
            answer = slot.ask({"content_type": "json", "data": request})
            assert answer["metadata"] == {"content_type": kind}
        check_same(slot.call({"do": "text"}), "tëxt 🍎")
        check_same(slot.call({"do": "bytes"}), bytes([0, 255, 10, 128]))


def answers_large_values(bench: Bench) -> None:
    text = '0123456789 tëxt 🍎\n"' * (LARGE // 26)
    numbers = list(range(200_000))
    with bench.start() as slot:
        check_same(slot.call(text), text)
        check_same(slot.call({"text": text}), {"text": text})
        check_same(slot.call(os.urandom(1024) * (LARGE // 1024)), None, only_size=LARGE)
        check_same(slot.call(numbers), numbers)


def keeps_what_load_returned(bench: Bench) -> None:
    with bench.start() as slot:
        assert [slot.call({"do": "count"}) for _ in range(3)] == [1, 2, 3]
    with bench.start() as slot:
        assert slot.call({"do": "count"}) == 1


def streams_chunks(bench: Bench) -> None:
    """Each chunk leaves when it is made: else a stream without end would never begin."""
    if not bench.environment.manifest.streams:
        return
    with bench.start(bench.streaming_version) as slot:
        for count in (3, 0, 1):
            chunks, last = slot.stream({"do": "stream", "count": count}, most=10)
            assert chunks == list(range(1, count + 1)), chunks
            assert last["metadata"] == {"content_type": "json"}, last
            assert count or last["result"] == [], last
        endless = {"do": "stream", "count": 2**31 - 2}
        assert slot.stream(endless, most=ENDLESS)[0] == list(range(1, ENDLESS + 1))


def answers_with_the_id_of_the_request(bench: Bench) -> None:
    with bench.start() as slot:
        for number in range(2):
            answer = slot.ask({"id": f"call-{number}", **request_for({"a": "tëxt 🍎"})})
            assert answer["id"] == f"call-{number}", answer
            check_same(answer["result"], {"a": "tëxt 🍎"})
            refused = slot.exchange_any({"id": f"call-{number}", **request_for({"do": "raise"})})
            assert refused["id"] == f"call-{number}", refused
        assert "id" not in slot.ask(request_for([1]))


def hides_its_channel_from_programs_that_it_starts(bench: Bench) -> None:
    """A program that writes an answer to everything that it has open, and to what it finds by name, reaches nobody."""
    if not bench.expected.get("shell"):
        return
    with bench.start() as slot:
        for _ in range(2):
            check_same(slot.call({"do": "shell", "command": FORGING}), "done")
            check_same(slot.call([1]), [1])


def tells_errors(bench: Bench) -> None:
    with bench.start() as slot:
        for _ in range(2):
            refused = catch_refused(lambda: slot.call({"do": "raise"}))
            assert "deliberate 🍎" in refused.message
            assert refused.kind == bench.expected["error_type"], refused.kind
            assert str(bench.expected["trace"]) in refused.trace, refused.trace
            assert "/runner" not in refused.trace, refused.trace
        check_same(slot.call([1]), [1])


def ends_with_its_process(bench: Bench) -> None:
    """Exit in the middle: an error, or the end of the channel; never a result, never silence."""
    with bench.start() as slot:
        try:
            slot.call({"do": "exit"})
        except (Refused, Ended):
            return
    raise AssertionError("an exit was answered with a result")


def is_killed_in_a_loop(bench: Bench) -> None:
    with bench.start() as slot:
        try:
            slot.call({"do": "loop"}, seconds=0.3)
        except Silent:
            return
    raise AssertionError("an endless loop ended")


def prints_beside_its_answers(bench: Bench) -> None:
    with bench.start() as slot:
        before = slot.logged
        check_same(slot.call({"do": "print", "mebibytes": PRINTED_MEBIBYTES}, seconds=240), "printed")
        check_same(slot.call([1]), [1])
        wait_until(lambda: slot.logged - before >= PRINTED_MEBIBYTES * MEBIBYTE, "what was printed has not arrived")


def is_stopped_by_its_memory_limit(bench: Bench) -> None:
    with bench.start(memory=SMALL_MEMORY) as slot:
        try:
            answer = slot.call({"do": "hog"}, seconds=60)
        except (Refused, Ended):
            return
    raise AssertionError(f"a memory hog answered {answer!r}")


def is_stopped_by_its_process_limit(bench: Bench) -> None:
    """Processes without end: whatever the language makes of it, the slot ends clean (see Slot.end)."""
    with bench.start() as slot, suppress(Refused, Ended, Silent):
        slot.call({"do": "spawn"}, seconds=3)


def keeps_secrets_out_of_arguments(bench: Bench) -> None:
    """More of them, too, than an argument holds."""
    with bench.boot() as slot:
        bench.load(slot, variables=SECRETS)
        lines = b"".join(Path(f"/proc/{pid}/cmdline").read_bytes() for pid in descendants(slot.process.pid))
        assert SECRET.encode() not in lines
        check_same(slot.call([1]), [1])
        if bench.expected.get("shell"):
            check_same(slot.call({"do": "shell", "command": 'echo "holds ${#SECRET_0} ${#SECRET_3}" >&2'}), "done")
            wait_until(lambda: b"holds 51200 51200" in slot.log_tail, f"the secrets: {slot.log_tail!r}")


def tells_that_loading_failed(bench: Bench) -> None:
    version = bench.build({**bench.source, FAIL_LOAD: b"yes"})
    with bench.boot(version) as slot:
        refused = catch_refused(lambda: bench.load(slot))
        assert "no model" in refused.message, refused.message
        slot.process.wait(10)


def refuses_to_build_what_is_broken(bench: Bench) -> None:
    entry = bench.environment.default_entry(NAME)
    broken = str(bench.expected.get("broken", "")).encode() or bench.source[entry] + b"\n)]} broken (\n"
    bench.log.clear()
    try:
        bench.build({**bench.source, entry: broken})
    except BuildFailed as failed:
        said = "\n".join([*bench.log, str(failed)])
        assert entry.rpartition("/")[2] in said, said
        return
    raise AssertionError("a broken source was built")


def runs_its_template(bench: Bench) -> None:
    files = {name: text.encode() for name, text in bench.environment.template_files("greeter").items()}
    with bench.start(bench.build(files, "greeter"), name="greeter") as slot:
        check_same(slot.call("world"), "Hello, world!")


def answers_through_an_agent(bench: Bench) -> None:
    requests = [[1], "text", {"do": "count"}, {"do": "raise"}, {"do": "exit"}, [2], {"do": "loop"}, [3]]
    answers = call_all(bench, requests)
    said = [(answer.outcome, answer.error and answer.error.error_type) for answer in answers]
    assert [outcome for outcome, _ in said[:4]] == ["ok", "ok", "ok", "algorithm_error"], said
    assert said[3] == ("algorithm_error", bench.expected["error_type"]), said
    assert said[4][0] in {"crashed", "algorithm_error"}, said
    assert [outcome for outcome, _ in said[5:]] == ["ok", "timeout", "ok"], said
    assert [json.loads(bytes(answer.result)) for answer in answers[:3] if answer.result] == [[1], "text", 1]
    assert [answer.usage.cold for answer in answers[:3]] == [True, False, False]


CHECKS: tuple[Callable[[Bench], None], ...] = (
    runs_its_template, answers_json_values, answers_deep_values, keeps_big_integers, answers_text_and_binary,
    answers_large_values, streams_chunks, answers_with_the_id_of_the_request,
    hides_its_channel_from_programs_that_it_starts, keeps_what_load_returned, tells_errors, ends_with_its_process,
    is_killed_in_a_loop, prints_beside_its_answers, is_stopped_by_its_memory_limit, is_stopped_by_its_process_limit,
    keeps_secrets_out_of_arguments, tells_that_loading_failed, refuses_to_build_what_is_broken,
    answers_through_an_agent,
)  # fmt: skip


def check_same(answer: object, expected: object, *, only_size: int | None = None) -> None:
    """Equal, numbers by value; unlike Python's ==, true is not 1."""
    if only_size is not None:
        assert isinstance(answer, bytes)
        assert len(answer) == only_size
        return
    assert is_same(answer, expected), f"{str(answer)[:300]!r} is not {str(expected)[:300]!r}"


def is_same(answer: object, expected: object) -> bool:
    if isinstance(expected, dict) and isinstance(answer, dict):
        return answer.keys() == expected.keys() and all(is_same(answer[key], expected[key]) for key in expected)
    if isinstance(expected, list) and isinstance(answer, list):
        return len(answer) == len(expected) and all(map(is_same, answer, expected))
    if isinstance(expected, bool) or isinstance(answer, bool):
        return answer is expected
    if isinstance(expected, int):
        return isinstance(answer, int | float) and answer == expected
    if isinstance(expected, float):
        return isinstance(answer, int | float) and float(answer) == expected
    return type(answer) is type(expected) and answer == expected


def catch_refused(action: Callable[[], object]) -> Refused:
    try:
        action()
    except Refused as refused:
        return refused
    raise AssertionError("there was no error")


def wait_until(condition: Callable[[], bool], message: str, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, message
        time.sleep(0.01)
