"""Brings a branch of a repository elsewhere into ours, by git, from the public internet only."""

import re
import subprocess
from pathlib import Path
from urllib.parse import SplitResult

from django.conf import settings

from marketplace.errors import Conflict, InvalidInput
from marketplace.repositories.git import BRANCH, LARGEST_PUSH_BYTES, GitFailed, environment, find_git, run_git
from marketplace.repositories.trees import NOTHING, find_head
from marketplace.webhook_addresses import PORTS, Address, check_webhook_url, resolve, split_webhook_url

IMPORTED = f"refs/imported/{BRANCH}"
"""What was fetched last."""
FETCH_SECONDS = 300.0
BRANCH_NAME = re.compile(r"(?!.*(?:\.\.|//|\.lock$|[./]$))[A-Za-z0-9_][A-Za-z0-9_./-]{0,199}")
FETCH = ("fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--no-auto-maintenance")
PRLIMIT = "/usr/bin/prlimit"
NEEDS_SIGN_IN = "could not read Username"


def check_source(url: str, branch: str) -> None:
    """Before they are kept. Raises InvalidInput."""
    check_webhook_url(url, field="url")
    if split_webhook_url(url).scheme not in _protocols():
        raise InvalidInput(
            "url", "Give the address that `git clone` takes by https, such as https://github.com/ann/ocr."
        )
    if not BRANCH_NAME.fullmatch(branch):
        raise InvalidInput("branch", "This is no name of a branch.")


def fetch_branch(repository: Path, *, url: str, branch: str) -> str:
    """Moves our main branch to the other repository's `branch`, wherever that has gone since; its commit.

    Raises GitFailed, Unavailable, and Conflict when our branch has commits that did not come from there.
    """
    before, head = _find_imported(repository), find_head(repository)
    _fetch(repository, url, branch)
    commit = _find_imported(repository)
    if commit is None:
        raise GitFailed(f"There is no branch {branch}.")
    if head == commit:
        return commit
    if head and not (_contains(repository, commit, head) or (before and _contains(repository, before, head))):
        raise Conflict("Commits were pushed here that are not there: push them there too, or end the import.")
    run_git(repository, "update-ref", f"refs/heads/{BRANCH}", commit, head or NOTHING)
    return commit


def _fetch(repository: Path, url: str, branch: str) -> None:
    parts = split_webhook_url(url)
    options = {
        "http.curloptResolve": _pin(parts, _look_up(parts)),  # what it is called may not become another address now
        "http.followRedirects": "false",
    }
    given = [argument for name, value in options.items() for argument in ("-c", f"{name}={value}")]
    limited = [PRLIMIT, f"--fsize={LARGEST_PUSH_BYTES}", "--", find_git(), f"--git-dir={repository}"]
    _run([*limited, *given, *FETCH, url, f"+refs/heads/{branch}:{IMPORTED}"])


def _run(command: list[str]) -> None:
    variables = environment(GIT_ALLOW_PROTOCOL=":".join(_protocols()))
    try:
        done = subprocess.run(command, env=variables, capture_output=True, timeout=FETCH_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise GitFailed(f"The repository was not fetched within {FETCH_SECONDS:.0f} s.") from None
    said = done.stderr.decode(errors="replace").strip()
    if NEEDS_SIGN_IN in said:
        raise GitFailed("The repository does not exist, or is not public.")
    if done.returncode:
        raise GitFailed(said or f"The repository is larger than {LARGEST_PUSH_BYTES >> 20} MiB.")


def _look_up(parts: SplitResult) -> Address:
    try:
        return resolve(str(parts.hostname), parts.port or PORTS[parts.scheme])
    except OSError as error:
        raise GitFailed(f"{parts.hostname} cannot be reached: {error}") from None


def _pin(parts: SplitResult, address: Address) -> str:
    """As curl takes it."""
    place = f"[{address}]" if address.version == 6 else str(address)
    return f"{parts.hostname}:{parts.port or PORTS[parts.scheme]}:{place}"


def _protocols() -> tuple[str, ...]:
    """An operator who opens private networks to webhooks may have no certificates there."""
    return ("https", "http") if settings.WEBHOOK_PRIVATE_NETWORKS else ("https",)


def _find_imported(repository: Path) -> str | None:
    try:
        return run_git(repository, "rev-parse", "--verify", "--quiet", IMPORTED).decode().strip()
    except GitFailed:
        return None


def _contains(repository: Path, commit: str, older: str) -> bool:
    try:
        run_git(repository, "merge-base", "--is-ancestor", older, commit)
    except GitFailed:
        return False
    return True
