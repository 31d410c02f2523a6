"""One runner process as an agent starts it: isolated, limited, with its log read all the time."""

import base64
import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from execution.environments import Environment, Toolchain
from execution.prepared_runners import prepare_runner
from execution.sandbox.bubblewrap import BubblewrapSandbox
from execution.sandbox.limits import choose_resource_groups
from execution.sandbox.plan import SlotPlan
from execution.sandbox.process import start_process
from execution.sandbox.resources import ResourceGroup, ResourceGroups
from execution.sandbox.watched import descendants

MEBIBYTE = 1 << 20
PROCESSES = 128
BOOT_SECONDS, CALL_SECONDS, END_SECONDS = 60.0, 30.0, 10.0
LOG_TAIL = 4_000


class Ended(Exception):
    """The runner hung up instead of answering."""


class Silent(Exception):
    """The runner did not answer in time."""


class Refused(Exception):
    """The runner answered with an error."""

    def __init__(self, error: dict[str, str | None]) -> None:
        super().__init__(f"{error.get('error_type')}: {error.get('message')}")
        self.message = error["message"] or ""
        self.kind = error.get("error_type") or ""
        self.trace = error.get("stacktrace") or ""


@dataclass
class Place:
    """Where slots are started: shared by all of one run."""

    folder: Path
    runners: Path
    """Where runners are kept that had to be compiled."""
    groups: ResourceGroups = field(default_factory=lambda: choose_resource_groups(f"agora-conformance-{os.getpid()}"))
    count: int = 0

    def __post_init__(self) -> None:
        for name in ("staging", "accounts", "gateway"):
            (self.folder / name).mkdir()
        (self.folder / "accounts" / "passwd").write_text("slot:x:1000:1000::/tmp:/bin/sh\n")
        (self.folder / "accounts" / "group").write_text("slot:x:1000:\n")

    def sandbox(self) -> BubblewrapSandbox:
        return BubblewrapSandbox(staging_folder=self.folder / "staging", accounts_folder=self.folder / "accounts")


class Slot:
    """Use it as `with start_slot(...) as slot`."""

    def __init__(
        self, process: subprocess.Popen[bytes], channel: socket.socket, log: int, group: ResourceGroup
    ) -> None:
        self.group = group
        self.process = process
        self.logged = 0
        """Bytes that came through the log pipe."""
        self.log_tail = b""
        self._channel = channel
        self._received = bytearray()
        self._reader = threading.Thread(target=self._drain, args=(log,), daemon=True)
        self._reader.start()

    def call(self, data: object, seconds: float = CALL_SECONDS) -> object:
        """What apply answers: bytes in and out are binary, str is text. Raises Refused, Ended and Silent."""
        answer = self.ask(request_for(data), seconds)
        if answer["metadata"]["content_type"] == "binary":
            return base64.b64decode(answer["result"])
        return answer["result"]

    def ask(self, message: dict[str, object], seconds: float = CALL_SECONDS) -> dict[str, object]:
        """Sends one line and reads one."""
        return self.exchange(json.dumps(message, ensure_ascii=False).encode() + b"\n", seconds)

    def exchange_any(self, message: dict[str, object]) -> dict[str, object]:
        """Like ask; an error is an answer too."""
        self.write(json.dumps(message, ensure_ascii=False).encode() + b"\n", CALL_SECONDS)
        answer: dict[str, object] = json.loads(self._read_line(time.monotonic() + CALL_SECONDS))
        return answer

    def exchange(self, line: bytes, seconds: float = CALL_SECONDS) -> dict[str, object]:
        """Sends the bytes of a line, and reads one."""
        self.write(line, seconds)
        return self.read(seconds)

    def write(self, line: bytes, seconds: float) -> None:
        try:
            self._channel.settimeout(seconds)
            self._channel.sendall(line)
        except TimeoutError:
            raise Silent from None
        except OSError:
            raise Ended(self.log_tail.decode(errors="replace")) from None

    def stream(self, data: object, most: int, seconds: float = CALL_SECONDS) -> tuple[list[object], dict[str, object]]:
        """The chunks of an answer and its last line, or so many chunks and the last of their lines. Raises as call."""
        answer = self.ask(request_for(data), seconds)
        chunks: list[object] = []
        while "chunk" in answer and len(chunks) < most:
            chunks.append(answer["chunk"])
            answer = self.read(seconds)
        return chunks, answer

    def read(self, seconds: float = CALL_SECONDS) -> dict[str, object]:
        answer = json.loads(self._read_line(time.monotonic() + seconds))
        if "error" in answer:
            raise Refused(answer["error"])
        return answer

    def _read_line(self, deadline: float) -> bytes:
        while b"\n" not in self._received:
            self._channel.settimeout(max(0.001, deadline - time.monotonic()))
            try:
                data = self._channel.recv(1 << 20)
            except TimeoutError:
                raise Silent(self.log_tail.decode(errors="replace")) from None
            except ConnectionResetError:
                data = b""
            if not data:
                self._reader.join(END_SECONDS)
                raise Ended(self.log_tail.decode(errors="replace"))
            self._received += data
        line, _, self._received = self._received.partition(b"\n")
        assert line.startswith(b'{"chunk"') or not self._received, f"one line per answer, not {line[:500]!r} and more"
        return bytes(line)

    def memory(self) -> int:
        """Bytes of memory that the slot's processes hold, shared pages divided among their sharers."""
        return sum(map(_proportional_memory, descendants(self.process.pid)))

    def end(self) -> None:
        """Kills it. Fails when something is left."""
        self._channel.close()
        self.group.kill()
        self.process.kill()
        self.process.wait(END_SECONDS)
        deadline = time.monotonic() + END_SECONDS
        while not self.group.remove():
            assert time.monotonic() < deadline, "a process of the slot outlived it"
            self.group.kill()
            time.sleep(0.01)
        self._reader.join(END_SECONDS)

    def _drain(self, log: int) -> None:
        while data := os.read(log, 1 << 16):
            self.logged += len(data)
            self.log_tail = (self.log_tail + data)[-LOG_TAIL:]
        os.close(log)


@contextmanager
def start_slot(
    place: Place, environment: Environment, version: Path, *, memory: int = 1024 * MEBIBYTE
) -> Iterator[Slot]:
    """A runner that has said that it is ready; `version` is an artifact's folder, unpacked."""
    place.count += 1
    group = place.groups.create(str(place.count), memory=memory, processes=PROCESSES)
    ours, theirs = socket.socketpair()
    log, their_log = os.pipe()
    plan = _plan(place, environment, version, group)
    process = start_process(place.sandbox().plan_launch(plan), channel=theirs.fileno(), log=their_log)
    theirs.close()
    os.close(their_log)
    slot = Slot(process, ours, log, group)
    try:
        assert slot.read(BOOT_SECONDS) == {"ready": {"protocol": 1}}
        group.adopt(process.pid)
        yield slot
    finally:
        slot.end()


def _plan(place: Place, environment: Environment, version: Path, group: ResourceGroup) -> SlotPlan:
    manifest = environment.manifest
    return SlotPlan(
        toolchain=_runtime(environment),
        command=manifest.command,
        runner_folder=prepare_runner(environment, place.runners),
        version_folder=version,
        gateway_folder=place.folder / "gateway",
        uid=610_000 + place.count if os.geteuid() == 0 else None,
        join_files=tuple(group.join_files()),
        scratch_size=256 * MEBIBYTE,
        processes=PROCESSES,
        variables=manifest.variables,
        links=manifest.links,
        system_files=manifest.system_files,
    )


@cache
def _runtime(environment: Environment) -> Toolchain:
    found = environment.find_runtime()
    assert found is not None, f"{environment.id} is available"
    return found


def request_for(data: object) -> dict[str, object]:
    if isinstance(data, bytes):
        return {"content_type": "binary", "data": base64.b64encode(data).decode()}
    return {"content_type": "text" if isinstance(data, str) else "json", "data": data}


def _proportional_memory(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return next(int(line.split()[1]) << 10 for line in text.splitlines() if line.startswith("Pss:"))
