"""What code of an author's can do while it is built: nothing beyond the build."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from execution.builds.isolation import Shown, isolated_command
from execution.errors import BuildFailed

PYTHON = "/usr/bin/python3"
needs_isolation = pytest.mark.skipif(
    shutil.which("bwrap") is None or not Path(PYTHON).exists(), reason="needs bubblewrap and Debian's Python"
)


def run(folder: Path, code: str, **shown: object) -> subprocess.CompletedProcess[str]:
    """The code, isolated, with `folder` to write to."""
    command = isolated_command([PYTHON, "-c", code], folder, Shown(writable=[folder], **shown))  # type: ignore[arg-type]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


@needs_isolation
def test_it_writes_to_its_own_folder(tmp_path: Path) -> None:
    assert run(tmp_path, "open('made', 'w').write('here')").returncode == 0
    assert (tmp_path / "made").read_text() == "here"


@needs_isolation
@pytest.mark.parametrize(
    "code",
    [
        "open('/etc/shadow').read()",
        "open('/usr/bin/made', 'w')",
        f"open({os.fspath(Path(__file__))!r}).read()",
        "import os; os.listdir('/root')",
        "import os; os.listdir('/home')",
        "import socket; socket.create_connection(('127.0.0.1', PORT), 2)",
        "import os; assert 'AGORA_SECRET_KEY' in os.environ",
        "import os; assert len([name for name in os.listdir('/proc') if name.isdigit()]) > 5",
    ],
)
def test_it_reaches_nothing_else(tmp_path: Path, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGORA_SECRET_KEY", "a secret")
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert run(tmp_path, code.replace("PORT", str(server.getsockname()[1]))).returncode != 0


@needs_isolation
def test_it_reads_what_it_is_shown(tmp_path: Path) -> None:
    library, work = tmp_path / "library", tmp_path / "work"
    library.mkdir()
    work.mkdir()
    (library / "text").write_text("shown")
    code = f"import os; print(open({str(library / 'text')!r}).read(), os.environ['GREETING'])"
    done = run(work, code, readable=[library], variables={"GREETING": "hello"})
    assert done.stdout == "shown hello\n"
    assert run(work, f"open({str(library / 'text')!r}, 'w')", readable=[library]).returncode != 0


@needs_isolation
def test_its_memory_is_limited(tmp_path: Path) -> None:
    done = run(tmp_path, "held = bytearray(7 << 30)")
    assert done.returncode != 0
    assert "MemoryError" in done.stderr


def test_without_bubblewrap_it_is_refused_or_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("AGORA_ALLOW_UNISOLATED", raising=False)
    with pytest.raises(BuildFailed, match="install bubblewrap"):
        isolated_command([sys.executable], tmp_path, Shown(writable=[tmp_path]))
    monkeypatch.setenv("AGORA_ALLOW_UNISOLATED", "true")
    command = isolated_command([sys.executable, "-V"], tmp_path, Shown(writable=[tmp_path]))
    assert command[-2:] == [sys.executable, "-V"]
    assert "bwrap" not in command
