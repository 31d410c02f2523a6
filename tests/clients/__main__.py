"""Drives a platform with the clients that Algorithmia published, and runs algorithms that were written for it.

The last line is one of JSON: `passed`, `failed` and `missing`, each a list. The status is 1 when something failed.

    python -m tests.clients [WORD...]    # only what has one of the words in its name
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from execution.environments import find_environment
from marketplace.cli.adk_folder import read_adk_folder
from marketplace.cli.manifest import read_manifest
from marketplace.manifest import FILE_NAME
from tests.clients.command_line import check_command_line
from tests.clients.installs import INSTALLS, PROGRAMS, UNPUBLISHED, CannotInstall
from tests.platform import RunningPlatform, UpProcess, free_port, make_home

HERE = Path(__file__).resolve().parent
CACHE = HERE.parents[1] / ".cache" / "clients"
PYTHON_PROGRAMS = ("calls", "data", "management")
PUBLISH_SECONDS, PROGRAM_SECONDS, CALL_SECONDS = 900.0, 300.0, 60.0
AT_ONCE = 2


@dataclass
class Report:
    """What became of each check."""

    passed: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def add(self, name: str, why: str | None) -> None:
        """`why` is None for one that passed."""
        print(f"passed {name}" if why is None else f"FAILED {name}: {why}", flush=True)
        (self.passed if why is None else self.failed).append(name)

    def miss(self, what: str) -> None:
        print(f"MISSING {what}", flush=True)
        self.missing.append(what)


def main(words: Sequence[str]) -> int:
    """The exit status."""
    began = time.monotonic()
    report = Report(missing=list(UNPUBLISHED))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        installs = {name: pool.submit(_install, name) for name in INSTALLS if _is_wanted(name, words)}
        home = make_home()
        up = UpProcess(home, free_port())
        try:
            platform = up.wait_until_ready()
            published = dict(pool.map(lambda folder: _publish(platform, folder, report), _folders(words)))
            _prepare_data(platform)
            _check_algorithms(platform, {name for name, done in published.items() if done}, report)
            for name, install in installs.items():
                _run_client(name, install.result(), platform, report)
        finally:
            up.stop()
            shutil.rmtree(home, ignore_errors=True)
    print(f"{time.monotonic() - began:.0f} s")
    print(json.dumps({"passed": report.passed, "failed": report.failed, "missing": report.missing}))
    return 1 if report.failed else 0


def _is_wanted(name: str, words: Sequence[str]) -> bool:
    return not words or any(word in name for word in words)


def _install(name: str) -> list[str] | CannotInstall:
    try:
        return INSTALLS[name](CACHE / name)
    except CannotInstall as error:
        return error


def _folders(words: Sequence[str]) -> Iterator[Path]:
    """What the clients call, always, and then what was written for Algorithmia."""
    yield HERE.parent / "algorithms" / "echo_python"
    for folder in sorted([*(HERE / "algorithms").iterdir(), *(HERE / "callers").iterdir()]):
        if folder.name in ("adk_python", "template_python", "data_python") or _is_wanted(folder.name, words):
            yield folder


def _publish(platform: RunningPlatform, folder: Path, report: Report) -> tuple[str, bool]:
    """The algorithm's name, and whether it is published now."""
    manifest = read_manifest(folder) if (folder / FILE_NAME).exists() else read_adk_folder(folder)
    environment = find_environment(manifest.environment) if manifest else None
    if environment is not None and environment.find_toolchain() is None:
        report.miss(f"{environment.display_name}, for {folder.name}")
        return folder.name, False
    command = [sys.executable, "-m", "marketplace.cli", "publish", str(folder)]
    done = subprocess.run(
        command, env=platform.environ, capture_output=True, text=True, timeout=PUBLISH_SECONDS, check=False
    )
    report.add(f"publish {folder.name}", (done.stdout + done.stderr).strip()[-600:] if done.returncode else None)
    return folder.name, done.returncode == 0


def _prepare_data(platform: RunningPlatform) -> None:
    """What manifest_python's manifest names."""
    headers = {"Authorization": f"Simple {platform.demo_key}"}
    with httpx.Client(base_url=platform.address, headers=headers) as client:
        client.post("/v1/data/demo", json={"name": "models", "acl": {"read": []}})
        client.put("/v1/data/demo/models/greeting.txt", content=b"Hello")


def _check_algorithms(platform: RunningPlatform, published: set[str], report: Report) -> None:
    """Each greets; those that were written for Algorithmia fail, too, as their authors wrote."""
    for name in sorted(published - {"echo_python", "data_python"}):
        report.add(f"{name} answers", _explain(lambda name=name: _check_answer(platform, name, "Ann", "Hello Ann")))
        if name.startswith(("adk_", "handler_", "template_")):
            report.add(f"{name} fails", _explain(lambda name=name: _check_failure(platform, name)))


def _check_answer(platform: RunningPlatform, name: str, value: str, wanted: str) -> None:
    answer = _call(platform, name, value)
    assert answer.get("result") == wanted, answer


def _check_failure(platform: RunningPlatform, name: str) -> None:
    answer = _call(platform, name, "fail")
    assert "no greeting for fail" in answer["error"]["message"], answer


def _call(platform: RunningPlatform, name: str, text: str) -> dict[str, object]:
    headers = {"Authorization": f"Simple {platform.demo_key}", "Content-Type": "text/plain"}
    address = f"{platform.address}/v1/algo/demo/{name}"
    return httpx.post(address, content=text, headers=headers, timeout=CALL_SECONDS).json()


def _explain(check: Callable[[], None]) -> str | None:
    try:
        check()
    except Exception as error:  # noqa: BLE001 - whatever it is, the report names it
        return f"{type(error).__name__}: {error}"[:600]
    return None


def _run_client(name: str, command: list[str] | CannotInstall, platform: RunningPlatform, report: Report) -> None:
    if isinstance(command, CannotInstall):
        report.miss(f"the client of {name}: {command}")
    elif name == "python":
        for program in PYTHON_PROGRAMS:
            _run_program(f"python {program}", [*command, str(PROGRAMS / "python" / f"{program}.py")], platform, report)
        for check, why in check_command_line(Path(command[0]).parent / "algo", platform):
            report.add(f"algo {check}", why)
    else:
        _run_program(name, command, platform, report)


def _run_program(name: str, command: list[str], platform: RunningPlatform, report: Report) -> None:
    """With the address and the key in its environment, as the clients' own documentation says, and nothing else."""
    environ = {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "ALGORITHMIA_API": platform.address,
        "ALGORITHMIA_API_KEY": platform.demo_key,
    }
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=PROGRAM_SECONDS, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith(("passed ", "failed "))]
    for line in lines:
        check, _, why = line.partition(" ")[2].partition(": ")
        report.add(f"{name} {check}", why if line.startswith("failed") else None)
    if done.returncode or not lines:
        report.add(name, f"exit code {done.returncode}: {(done.stdout + done.stderr).strip()[-600:]}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
