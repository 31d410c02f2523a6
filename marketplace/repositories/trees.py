"""What is in a repository: files of a commit, its history, and one commit more. Texts are UTF-8."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from marketplace.errors import Conflict, InvalidInput, NotFound
from marketplace.repositories.git import BRANCH, GitFailed, environment, find_git, run_git

NOTHING = "0" * 40
MOST_LISTED = 2_000
LONGEST_DIFF = 200_000
"""Characters."""
LONGEST_PATH = 500
UNPRINTED = "\x1f"
FORMAT = "--format=" + UNPRINTED.join(("%H", "%an", "%at", "%s"))
"""What _read_commit reads."""


@dataclass(frozen=True)
class Entry:
    """A file of a commit. `size` is bytes."""

    path: str
    size: int


@dataclass(frozen=True)
class Commit:
    """One commit."""

    id: str
    author: str
    at: datetime
    message: str


def find_head(repository: Path) -> str | None:
    """The newest commit of the branch that is built; None while there is none."""
    try:
        return run_git(repository, "rev-parse", "--verify", "--quiet", f"refs/heads/{BRANCH}").decode().strip()
    except GitFailed:
        return None


def list_files(repository: Path, commit: str) -> list[Entry]:
    """All files, by path; of very many, the first."""
    text = run_git(repository, "ls-tree", "-r", "-z", "--long", commit).decode(errors="replace")
    entries = []
    for line in text.split("\0")[:MOST_LISTED]:
        head, _, path = line.partition("\t")
        if path and head.split()[1] == "blob":
            entries.append(Entry(path, int(head.split()[3])))
    return entries


def read_file(repository: Path, commit: str, path: str) -> bytes:
    """Raises NotFound."""
    try:
        return run_git(repository, "cat-file", "blob", f"{commit}:{path}")
    except GitFailed:
        raise NotFound(f"There is no file {path} in this commit.") from None


def list_commits(repository: Path, *, limit: int = 50, path: str = "") -> list[Commit]:
    """The newest first; of one file alone, if it is named."""
    head = find_head(repository)
    if head is None:
        return []
    arguments = ["log", f"--max-count={limit}", FORMAT, head, *(["--", path] if path else [])]
    lines = run_git(repository, *arguments).decode(errors="replace").splitlines()
    return [_read_commit(*line.split(UNPRINTED, 3)) for line in lines]


def describe_commit(repository: Path, commit: str) -> Commit:
    """Raises NotFound."""
    try:
        line = run_git(repository, "log", "--max-count=1", FORMAT, commit, "--").decode(errors="replace")
    except GitFailed:
        raise NotFound("There is no such commit.") from None
    return _read_commit(*line.strip().split(UNPRINTED, 3))


def show_difference(repository: Path, commit: str) -> str:
    """What a commit changed, as `git show` says it; cut where it is very long."""
    try:
        text = run_git(repository, "show", "--format=", "--no-color", "--no-ext-diff", "--no-textconv", commit, "--")
    except GitFailed:
        raise NotFound("There is no such commit.") from None
    return text.decode(errors="replace")[:LONGEST_DIFF]


def commit_files(
    repository: Path,
    *,
    changes: Mapping[str, bytes | None],
    message: str,
    author: str,
    base: str | None,
) -> str:
    """One commit on top of `base`, which must still be the newest; None removes a file. Answers its id.

    `base` None begins the history. Raises Conflict, InvalidInput.
    """
    _check_changes(changes, {entry.path for entry in list_files(repository, base)} if base else set())
    with TemporaryDirectory(prefix="agora-commit-") as scratch:
        variables = {"GIT_INDEX_FILE": f"{scratch}/index", **_identity(author)}
        if base is not None:
            run_git(repository, "read-tree", base, variables=variables)
        lines = [_index_line(repository, path, content) for path, content in changes.items()]
        run_git(repository, "update-index", "-z", "--index-info", text=b"".join(lines), variables=variables)
        tree = run_git(repository, "write-tree", variables=variables).decode().strip()
        parents = ["-p", base] if base else []
        commit = run_git(
            repository, "commit-tree", tree, *parents, "-F", "-", text=message.encode() + b"\n", variables=variables
        )
    return _move_branch(repository, commit.decode().strip(), base)


def write_archive(repository: Path, commit: str, archive: Path) -> None:
    """The commit's files as .tar.gz: the same bytes for the same commit. Raises GitFailed."""
    command = [find_git(), f"--git-dir={repository}", "-c", "tar.tar.gz.command=gzip -cn", "archive", "--format=tar.gz"]
    with archive.open("wb") as output:
        done = subprocess.run(
            [*command, commit], stdout=output, stderr=subprocess.PIPE, env=environment(), timeout=120, check=False
        )
    if done.returncode:
        raise GitFailed(done.stderr.decode(errors="replace").strip())


def check_path(path: str) -> None:
    """Raises InvalidInput for what is no path of a file inside a repository."""
    wrong = len(path) > LONGEST_PATH or any(part.lower() in {"", ".", "..", ".git"} for part in path.split("/"))
    if wrong or any(character < " " or character == "\\" for character in path):
        raise InvalidInput("path", "Name a file inside the folder, such as src/main.py.")


def _check_changes(changes: Mapping[str, bytes | None], present: set[str]) -> None:
    """Raises InvalidInput for a file where a folder is, or the other way round: git would let the other one go."""
    for path in changes:
        check_path(path)
    kept = present - {path for path, content in changes.items() if content is None}
    for path in (path for path, content in changes.items() if content is not None):
        above = {path[:place] for place, character in enumerate(path) if character == "/"}
        if above & kept:
            raise InvalidInput("path", f"{min(above & kept)} is a file: choose another folder.")
        if any(other.startswith(f"{path}/") for other in kept):
            raise InvalidInput("path", f"{path} is a folder: choose another name.")


def _index_line(repository: Path, path: str, content: bytes | None) -> bytes:
    if content is None:
        return b"0 %b\t%b\0" % (NOTHING.encode(), path.encode())
    blob = run_git(repository, "hash-object", "-w", "--stdin", text=content).strip()
    return b"100644 %b\t%b\0" % (blob, path.encode())


def _move_branch(repository: Path, commit: str, base: str | None) -> str:
    try:
        run_git(repository, "update-ref", f"refs/heads/{BRANCH}", commit, base or NOTHING)
    except GitFailed:
        raise Conflict("Somebody has committed meanwhile: look at what they changed, and do it again on top.") from None
    return commit


def _identity(author: str) -> dict[str, str]:
    mail = f"{author}@users.noreply.agora"
    names = {"GIT_AUTHOR_NAME": author, "GIT_COMMITTER_NAME": author}
    return names | {"GIT_AUTHOR_EMAIL": mail, "GIT_COMMITTER_EMAIL": mail}


def _read_commit(commit: str, author: str, at: str, message: str) -> Commit:
    return Commit(commit, author, datetime.fromtimestamp(int(at), UTC), message)
