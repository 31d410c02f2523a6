"""The example algorithms: published at the first start, by the way that every author publishes; and the first call."""

import hashlib
import shlex
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import click
import httpx

from marketplace.cli.credentials import Credentials
from marketplace.cli.home import REPOSITORY, Home
from marketplace.cli.manifest import read_manifest
from marketplace.cli.platform_client import Platform
from marketplace.cli.publish import publish_folder
from marketplace.manifest import FILE_NAME

FOLDER = REPOSITORY / "docs" / "examples"
OWNER = "agora"
AT_ONCE = 4
FIRST_CALL_SECONDS = 60.0
Done = Callable[[str, float], None]
"""Hears of a published example and its seconds."""


@dataclass(frozen=True)
class FirstCall:
    """A call that was made, as a command and its answer."""

    curl: str
    answer: str
    seconds: float


def find_examples(names: str) -> list[Path]:
    """The folders of the examples: `all` of them, `none`, or those whose names are given with commas between."""
    folders = sorted(path.parent for path in FOLDER.glob(f"*/{FILE_NAME}"))
    if names == "all":
        return folders
    wanted = {name.strip() for name in names.split(",")}
    return [folder for folder in folders if folder.name in wanted]


def examples_changed(home: Home, folders: Sequence[Path]) -> bool:
    """Whether these folders, as they are now, have not all been published here."""
    stamp = home.path / "examples.stamp"
    return not stamp.exists() or stamp.read_text(encoding="ascii") != _digest(folders)


def publish_examples(home: Home, folders: Sequence[Path], credentials: Credentials, done: Done) -> list[str]:
    """Publishes the folders, some at once; answers a sentence for each that failed, to be tried at the next start."""
    failures = []
    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        tasks = {pool.submit(_publish, folder, credentials): folder for folder in folders}
        for task in as_completed(tasks):
            try:
                done(*task.result())
            except click.ClickException as error:
                failures.append(f"{tasks[task].name} was not published: {error.format_message()}")
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # who presses Ctrl-C waits for none of them
    if not failures:
        (home.path / "examples.stamp").write_text(_digest(folders), encoding="ascii")
    return failures


def call_first(folders: Sequence[Path], address: str, key: str) -> FirstCall:
    """Calls the example with the shortest sample, by HTTP as anybody would. Raises click.ClickException."""
    manifest = min((read_manifest(folder) for folder in folders), key=lambda manifest: len(manifest.sample.input))
    url, body = f"{address}/v1/algo/{OWNER}/{manifest.name}", manifest.sample.input or "null"
    headers = {"Authorization": f"Simple {key}", "Content-Type": "application/json"}
    started = time.monotonic()
    try:
        answer = httpx.post(url, content=body.encode(), headers=headers, timeout=FIRST_CALL_SECONDS)
    except httpx.TransportError as error:
        raise click.ClickException(f"The first call got no answer: {error}") from None
    seconds = time.monotonic() - started
    options = "".join(f" -H {shlex.quote(f'{name}: {value}')}" for name, value in headers.items())
    if answer.status_code != httpx.codes.OK:
        raise click.ClickException(f"The first call was answered with {answer.status_code}: {answer.text}")
    return FirstCall(f"curl -s {url}{options} -d {shlex.quote(body)}", answer.text, seconds)


def _publish(folder: Path, credentials: Credentials) -> tuple[str, float]:
    started = time.monotonic()
    with Platform(credentials) as platform:
        published = publish_folder(
            platform, folder, read_manifest(folder), organization=OWNER, echo=lambda _: None
        )  # fmt: skip
    return f"{published.reference} {published.version}", time.monotonic() - started


def _digest(folders: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
            digest.update(f"{path.relative_to(folder.parent)}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
