"""Clone, push, build, publish, call: with git, on a running platform."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.git_program import git
from tests.integration.invocations.platform_calls import client_of_a_stranger
from tests.integration.repositories.conftest import Clone, address_of
from tests.platform import RunningPlatform

MakeClone = Callable[[str], Clone]


def test_a_push_becomes_a_version_that_answers(
    make_clone: MakeClone, platform: RunningPlatform, tmp_path: Path
) -> None:
    clone = make_clone("pushed")
    commit = clone.commit("one")
    said = clone.push()
    assert f"remote: Building {commit[:10]}: {platform.address}/console/demo/algorithms/pushed/builds/" in said
    assert "remote: It will be published as the next minor version." in said
    clone.wait_for("one")
    clone.commit("two")
    clone.push("-o", "publish=major")
    clone.wait_for("two")
    found = clone.api.get("/v1/algorithms/demo/pushed").json()
    assert found["version_info"]["semantic_version"] == "1.0.0"
    assert found["version_info"]["release_notes"] == "Answer two"
    assert found["details"]["tagline"] == "Pushed."
    git(tmp_path, "clone", "-q", address_of(platform, "pushed"), "again")
    assert "two" in (tmp_path / "again/src/pushed.py").read_text()


def test_what_is_not_to_be_published_is_built_and_waits(make_clone: MakeClone) -> None:
    clone = make_clone("waits")
    clone.commit("one")
    assert "Publish it from its page." in clone.push("-o", "publish=no")
    clone.git("checkout", "-q", "-b", "idea")
    clone.commit("another")
    assert "Nothing is built: only main is." in clone.git("push", "origin", "idea").stderr
    assert clone.api.get("/v1/algorithms/demo/waits/versions").json()["results"] == []
    assert len(clone.api.get("/v1/algorithms/demo/waits/builds").json()["results"]) == 1


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("agora.toml", "name = ", "Not built: agora.toml: this is not TOML"),
        ("agora.toml", 'name = "other"\nenvironment = "python3"\n', "name is other, and this is the repository of"),
        ("agora.toml", 'name = "broken"\nenvironment = "cobol"\n', "Not built: "),
    ],
)
def test_a_commit_that_cannot_be_built_is_kept_and_says_why(
    make_clone: MakeClone, path: str, text: str, said: str
) -> None:
    name = "broken" if "broken" in text else "spoilt" if "other" in text else "torn"
    clone = make_clone(name)
    clone.commit("one")
    clone.write(path, text)
    clone.git("commit", "-q", "-a", "-m", "Spoil it")
    assert said in clone.push()
    assert clone.git("ls-remote", "origin", "main").stdout.startswith(clone.git("rev-parse", "HEAD").stdout.strip())


def test_who_may_not_gets_nothing(make_clone: MakeClone, platform: RunningPlatform, tmp_path: Path) -> None:
    clone = make_clone("closed")
    clone.commit("one")
    clone.push("-o", "publish=no")
    with client_of_a_stranger(platform) as stranger:
        key = stranger.headers["authorization"].removeprefix("Simple ")
    for wrong, words in (
        (key, "not found"),
        ("simNoSuchKey0000000000000", "Authentication failed"),
        ("", "Authentication failed"),
    ):
        failed = git(tmp_path, "clone", "-q", address_of(platform, "closed", key=wrong), "stolen", check=False)
        assert failed.returncode != 0
        assert words in failed.stderr
    assert not (tmp_path / "stolen").exists()
    anonymous = httpx.get(f"{platform.address}/git/demo/closed.git/info/refs?service=git-upload-pack")
    assert (anonymous.status_code, anonymous.headers["www-authenticate"][:5]) == (401, "Basic")


def test_open_source_is_read_by_all_and_pushed_to_by_none_of_them(
    make_clone: MakeClone, platform: RunningPlatform, tmp_path: Path
) -> None:
    clone = make_clone("shown")
    clone.write("agora.toml", 'name = "shown"\nenvironment = "python3"\npublic = true\n[publish]\non_push = "minor"\n')
    clone.write("src/shown.py", "def apply(input):\n    return 'shown'\n")
    clone.git("add", "-A")
    clone.git("commit", "-q", "-m", "Show it")
    clone.push()
    clone.wait_for("shown")
    changed = clone.api.put("/v1/algorithms/demo/shown", json={"settings": {"source_visibility": "open"}})
    assert changed.status_code == 200
    address = f"{platform.address}/git/demo/shown.git"
    git(tmp_path, "clone", "-q", address, "read")
    (tmp_path / "read/src/shown.py").write_text("def apply(input):\n    return 'stolen'\n")
    git(tmp_path / "read", "commit", "-q", "-a", "-m", "Steal it")
    assert git(tmp_path / "read", "push", "origin", "HEAD:main", check=False).returncode != 0
    with client_of_a_stranger(platform) as stranger:
        key = stranger.headers["authorization"].removeprefix("Simple ")
    refused = git(tmp_path / "read", "push", address_of(platform, "shown", key=key), "HEAD:main", check=False)
    assert "alone" in refused.stderr or "403" in refused.stderr


@pytest.mark.parametrize(
    "path",
    [
        "/git/demo/hello.git/HEAD",
        "/git/demo/hello.git/objects/info/packs",
        "/git/demo/%2e%2e%2f%2e%2e%2fetc/info/refs?service=git-upload-pack",
        "/git/demo/hello.git/info/refs",
        "/git/demo/hello.git/info/refs?service=git-archive",
        "/git/demo/no_such.git/info/refs?service=git-upload-pack",
    ],
)
def test_nothing_but_the_smart_protocol_is_served(platform: RunningPlatform, path: str) -> None:
    answer = httpx.get(platform.address + path, headers={"Authorization": f"Simple {platform.demo_key}"})
    assert answer.status_code == 404


def test_a_repository_that_is_no_repository_and_hooks_of_a_pusher_do_nothing(make_clone: MakeClone) -> None:
    clone = make_clone("hostile")
    clone.commit("one")
    clone.write("hooks/post-receive", "#!/bin/sh\ntouch /tmp/agora-was-here\n")
    (clone.folder / "hooks/post-receive").chmod(0o755)
    (clone.folder / "link").symlink_to("/etc/passwd")
    clone.git("add", "-A")
    clone.git("commit", "-q", "-m", "Be hostile")
    assert "Building" in clone.push("-o", "publish=no")
    assert not Path("/tmp/agora-was-here").exists()
