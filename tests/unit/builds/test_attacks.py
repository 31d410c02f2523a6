"""Attacks by the author's code while it is built, on what the platform has and on the machine's memory and disk."""

import json
import os
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest

from execution.builds.base import BuildJob
from execution.builds.native import check_program
from execution.builds.steps import Steps
from execution.builds.watch import Allowance
from execution.errors import BuildFailed
from tests.unit.builds.conftest import BOUNDS, SECRET, Bench

pytestmark = pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")


def run(job: BuildJob, source: str) -> object:
    """What the author's code leaves in `result`."""
    said: list[str] = []
    command = [job.interpreter, "-c", f"import json, os, socket\nresult = None\n{source}\nprint(json.dumps(result))"]
    assert job.try_isolated(command, log=said.append) == 0, said
    return json.loads(said[-1])


def test_it_sees_nothing_of_the_platform(job: BuildJob, home: Path) -> None:
    source = f"""
seen = dict(os.environ)
for path in [{str(home / "secret_key")!r}, "/etc/shadow", "/proc/{os.getpid()}/environ", "/proc/1/environ",
             {str(Path(__file__))!r}]:
    try:
        seen[path] = open(path, errors="replace").read()
    except OSError as error:
        seen[path] = error.strerror
result = seen
"""
    seen = run(job, source)
    assert isinstance(seen, dict)
    assert SECRET not in json.dumps(seen)
    assert seen["/etc/shadow"] == seen[str(home / "secret_key")] == seen[__file__] == "No such file or directory"


def test_it_writes_to_its_own_folders_only(job: BuildJob, home: Path) -> None:
    source = f"""
def write(path):
    try:
        open(path, "w").write("x")
        return True
    except OSError:
        return False
write({str(home / "new")!r})  # below the sandbox's own /tmp
paths = {[str(job.cache / "new"), "/new", "/dev/new", "/usr/new", "/etc/new", "/proc/sys/new"]}
result = [path for path in paths if write(path)]
"""
    assert run(job, source) == []
    assert not (home / "new").exists()
    assert run(job, f"open({str(job.scratch / 'new')!r}, 'w').write('x')\nresult = 1") == 1
    assert (job.scratch / "new").exists()


def test_its_system_calls_are_filtered(job: BuildJob) -> None:
    status = run(job, "result = open('/proc/self/status').read()")
    assert "Seccomp:\t2" in str(status)
    assert "CapEff:\t0000000000000000" in str(status)
    assert "NoNewPrivs:\t1" in str(status)


def test_shared_memory_is_bounded(job: BuildJob) -> None:
    source = """
try:
    with open("/dev/shm/x", "wb") as file:
        for _ in range(128):
            file.write(bytes(1 << 20))
    result = "no limit"
except OSError as error:
    result = error.strerror
"""
    assert run(job, source) == "No space left on device"


def test_what_its_processes_hold_together_is_bounded(job: BuildJob) -> None:
    source = """
import time
for _ in range(4):
    if os.fork() == 0:
        hog = bytes(range(256)) * (1 << 17)
        time.sleep(20)
        os._exit(0)
time.sleep(20)
"""
    with pytest.raises(BuildFailed, match="more memory than 64 MiB"):
        run(job, source)


def test_what_it_writes_is_bounded(job: BuildJob) -> None:
    source = f"""
import time
for number in range(64):
    with open({str(job.scratch)!r} + "/" + str(number), "wb") as file:
        file.write(bytes(range(256)) * 4096)
time.sleep(20)
"""
    with pytest.raises(BuildFailed, match="wrote more than 32 MiB"):
        run(job, source)


def test_a_disk_that_is_nearly_full_ends_it(job: BuildJob, home: Path) -> None:
    allowance = Allowance(BOUNDS.memory_bytes, 1 << 40, [home], disk_left=1 << 60)
    full = replace(job, steps=Steps(seconds=30, log=print, allowance=allowance))
    with pytest.raises(BuildFailed, match="all that is free"):
        run(full, "import time\ntime.sleep(20)")


def test_nothing_that_it_started_goes_on(job: BuildJob) -> None:
    source = f"""
import time
if os.fork() == 0:
    os.setsid()
    os.closerange(0, 3)
    while True:
        open({str(job.scratch / "alive")!r}, "a").write("x")
        time.sleep(0.01)
"""
    run(job, f"{source}\nwhile not os.path.exists({str(job.scratch / 'alive')!r}): pass")
    size = (job.scratch / "alive").stat().st_size
    time.sleep(0.3)
    assert (job.scratch / "alive").stat().st_size == size


@pytest.mark.parametrize("where", ["program", "folder"])
def test_what_it_leaves_is_not_followed_out_of_the_build(job: BuildJob, home: Path, where: str) -> None:
    outside = home / "outside"
    outside.mkdir()
    (outside / "algorithm").write_text("#!")
    (outside / "algorithm").chmod(0o600)
    if where == "folder":
        job.packages.symlink_to(outside)
    else:
        job.packages.mkdir()
        (job.packages / "algorithm").symlink_to(outside / "algorithm")
    with pytest.raises(BuildFailed):
        check_program(job.packages / "algorithm")
    assert (outside / "algorithm").stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(shutil.which("gcc") is None, reason="no compiler is installed")
def test_a_compiler_includes_nothing_of_the_platform(bench: Bench, home: Path) -> None:
    include = f'#include "{home}/secret_key"\nchar *apply(const char *input) {{ return 0; }}\n'
    with pytest.raises(BuildFailed):
        bench.build({"src/x.c": include}, entry="src/x.c", environment="c")
    assert any("No such file or directory" in line for line in bench.log)
    assert SECRET not in "\n".join(bench.log)
