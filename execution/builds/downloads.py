"""Downloads of packages: by the language's own tool, isolated, with a way to package indexes alone.

Which those are is learned from the tool itself: once, with nothing of an author's in reach, it fetches a package of our
choice, and where it goes for that it may go again. So builds reach whatever this machine's operator has set the tool up
for; further hosts are those that the operator lists (`BuildJob.package_hosts`).
"""

import hashlib
import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from execution.builds.base import BuildJob
from execution.builds.isolation import Shown, isolated_command
from execution.builds.proxy import Proxy, proxying
from execution.builds.steps import Steps, passed_on

LISTEN_INSIDE = Path(__file__).with_name("listen_inside.py")
PYTHON = Path(sys.executable).resolve()
CERTIFICATES = ("/etc/ssl", "/etc/pki", "/etc/ca-certificates")
TOOL_SETTINGS = ("/etc/uv", "/etc/npmrc", "/etc/maven", "/etc/mavenrc")
"""The operator's, for the whole machine."""
OF_PROXIES = "PROXY"
"""What variables have in their names that would lead past ours."""


@dataclass(frozen=True)
class Fetch:
    """A command line that downloads what the files in a folder name, and what it needs beside the system."""

    command: Sequence[str]
    writable: Sequence[Path]
    """They exist."""
    readable: Sequence[Path] = ()
    variables: Mapping[str, str] = field(default_factory=dict)


MakeFetch = Callable[[Path, Path], Fetch]
"""Of the folder with those files, and of the tool's cache."""


def download(job: BuildJob, kind: str, make: MakeFetch, *, folder: Path, cache: Path, sample: Mapping[str, str]) -> int:
    """Downloads what `folder` names, and answers the tool's exit status. What the tool was refused is in the log.

    `sample` are files like those in `folder`, which name a small package that every index has.
    """
    learned = job.cache / "indexes" / f"{kind}-{_name_of_settings(job)}.json"
    named = {f"{host}:443" for host in job.package_hosts}
    proxy = Proxy(named.union(_learn_places(job, make, learned, sample)))
    cache.mkdir(parents=True, exist_ok=True)
    status = _run(job, make(folder, cache), folder, proxy, job.steps)
    for reason in proxy.refused.values():
        job.log(f"{reason} The operator lists more in AGORA_PACKAGE_HOSTS.")
    if status and proxy.refused:
        learned.unlink(missing_ok=True)  # in case the operator has set up another index meanwhile
    return status


def _name_of_settings(job: BuildJob) -> str:
    settings = sorted(passed_on(os.environ).items())
    return hashlib.sha256(msgspec.json.encode([job.interpreter, settings])).hexdigest()[:16]


def _learn_places(job: BuildJob, make: MakeFetch, learned: Path, sample: Mapping[str, str]) -> list[str]:
    if learned.is_file():
        return msgspec.json.decode(learned.read_bytes(), type=list[str])
    folder = job.scratch / "sample"
    cache = folder / "cache"
    cache.mkdir(parents=True)
    for name, text in sample.items():
        (folder / name).write_text(text)
    said: list[str] = []
    proxy = Proxy(None)
    status = _run(job, make(folder, cache), folder, proxy, job.steps.reporting_to(said.append))
    shutil.rmtree(folder)
    if status == 0:
        _keep(learned, sorted(proxy.reached))
    else:
        job.log("Which package index this machine has could not be learned; its tool says:")
        for line in said[-5:]:
            job.log(line)
    return sorted(proxy.reached)


def _keep(learned: Path, places: list[str]) -> None:
    learned.parent.mkdir(parents=True, exist_ok=True)
    draft = learned.with_suffix(f".{os.getpid()}")
    draft.write_bytes(msgspec.json.encode(places))
    draft.rename(learned)


def _run(job: BuildJob, fetch: Fetch, folder: Path, proxy: Proxy, steps: Steps) -> int:
    given = passed_on(os.environ) | dict(fetch.variables)
    variables = {name: value for name, value in given.items() if OF_PROXIES not in name.upper()}
    operators = {value for name, value in variables.items() if name not in fetch.variables and value.startswith("/")}
    python = [] if PYTHON.is_relative_to("/usr") else [PYTHON.parent.parent]
    prefix = [job.toolchain.prefix] if job.toolchain.prefix else []
    shown = Shown(
        writable=[folder, *fetch.writable],
        readable=[LISTEN_INSIDE, *python, *prefix, *fetch.readable],
        system_files=[*CERTIFICATES, *TOOL_SETTINGS, *sorted(operators), *job.environment.manifest.system_files],
        variables={"HOME": str(folder), **variables},
        places=job.places,
    )
    command = [str(PYTHON), "-I", "-S", str(LISTEN_INSIDE), *fetch.command]
    with proxying(proxy) as inside:
        return steps.run(isolated_command(command, folder, shown), folder=folder, stdin=inside.fileno())
