"""Finds out, before anything runs, whether this machine can isolate strangers' code."""

import os
import re
import shutil
import socket
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

from execution.errors import CannotIsolate, NetworkNotFiltered
from execution.sandbox.network import check_network_tools
from execution.sandbox.plan import Sandbox, SlotPlan
from execution.sandbox.process import start_process

OLDEST = (0, 8)
PROBE_SECONDS = 20
ESCAPE = "If only your own code runs here, set AGORA_ALLOW_UNISOLATED=true."


def check_bubblewrap() -> None:
    """Raises CannotIsolate if bubblewrap is missing or too old."""
    if shutil.which("bwrap") is None:
        raise CannotIsolate(f"bubblewrap is missing: run `apt-get install bubblewrap`. {ESCAPE}")
    text = subprocess.run(["bwrap", "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"(\d+)\.(\d+)", text)
    if found is None or (int(found[1]), int(found[2])) < OLDEST:
        raise CannotIsolate(f"bubblewrap 0.8 or newer is needed, this is {text.strip()!r}: upgrade it. {ESCAPE}")


def check_uid_range(first_uid: int, count: int) -> None:
    """Raises CannotIsolate if this (user namespace of a) machine has no users in that range."""
    for line in Path("/proc/self/uid_map").read_text().splitlines():
        inside, _, length = map(int, line.split())
        if inside <= first_uid and first_uid + count <= inside + length:
            return
    raise CannotIsolate(
        f"this machine has no user numbers {first_uid} to {first_uid + count - 1} for the slots to run as: "
        "set AGORA_FIRST_SLOT_UID to the start of a range of 65536 that nobody uses."
    )


def check_isolation(sandbox: Sandbox, plan: SlotPlan) -> None:
    """Runs the plan's sandbox once, with a harmless command. Raises CannotIsolate with what it said."""
    if said := _try(sandbox, plan):
        raise CannotIsolate(f"bubblewrap cannot isolate a process here ({said}). {_mend()} {ESCAPE}")


def check_network(sandbox: Sandbox, plan: SlotPlan) -> None:
    """The same with a network of its own. Raises NetworkNotFiltered."""
    check_network_tools()
    if said := _try(sandbox, replace(plan, network=True)):
        raise NetworkNotFiltered(f"pasta cannot give a process a network of its own here ({said}).")


def _try(sandbox: Sandbox, plan: SlotPlan) -> str:
    """Nothing when it works; else what it said."""
    probe = replace(plan, command=("/bin/sh", "-c", "test -r {runner}/manifest.toml && test -x {toolchain}"))
    ours, theirs = socket.socketpair()
    with ours, theirs, tempfile.TemporaryFile() as log:
        process = start_process(sandbox.plan_launch(probe), channel=theirs.fileno(), log=log.fileno())
        try:
            code = process.wait(PROBE_SECONDS)
        finally:
            process.kill()
            process.wait()
        log.seek(0)
        said = log.read().decode(errors="replace").strip()
    return (said or f"exit code {code}") if code else ""


def _mend() -> str:
    if os.geteuid() != 0 and not Path("/proc/sys/user/max_user_namespaces").read_text().strip("0\n"):
        return "Allow user namespaces: sysctl user.max_user_namespaces=10000."
    return (
        "In a container, allow user namespaces and mounts (for Docker: --privileged, or a seccomp profile with both)."
    )
