"""An author's folder, built and called on this machine as the platform would: the same builders, runners, isolation
and limits, in an agent that lives as long as the command.
"""

import asyncio
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from sys import executable

import click

from execution.client import Answer, BuiltArtifact, ExecutionClient, VersionSpec, build_artifact, load_environments
from execution.config import AgentConfig
from execution.errors import BuildFailed, ExecutionError
from marketplace.cli.laptop_agent import artifact_path
from marketplace.cli.packing import pack_folder
from marketplace.cli.processes import Program, launch, stop
from marketplace.cli.publish import Echo, check_entry
from marketplace.gateway.errors import BadRequest
from marketplace.gateway.inputs import write_request
from marketplace.invocations.requests import InputKind
from marketplace.manifest import Manifest

AGENT_SECONDS = 60.0
"""How long the agent may take to look at the machine; a second, most often."""
POLL_SECONDS = 0.02
MOST_SLOTS = "2"
"""One for the call that runs, and one that takes its place."""
NO_OTHERS = "  calls_others: other algorithms and hosted data are on the platform alone; calls of them fail here"


@dataclass(frozen=True)
class Laptop:
    """An algorithm that can be called."""

    spec: VersionSpec
    _client: ExecutionClient
    _runner: asyncio.Runner

    def call(self, kind: InputKind, body: bytes) -> Answer:
        """What the algorithm answers, within its limits. Raises click.ClickException when it cannot be asked."""
        return self._runner.run(self._call(kind, body))

    async def _call(self, kind: InputKind, body: bytes) -> Answer:
        try:
            request = write_request(kind, body, call_id="", token=None)
            deadline = asyncio.get_running_loop().time() + self.spec.timeout_seconds
            return await self._client.call(self.spec, caller="author", request=request, deadline=deadline, prints=True)
        except (BadRequest, ExecutionError) as error:
            raise click.ClickException(str(error)) from None


@contextmanager
def open_laptop(folder: Path, manifest: Manifest, echo: Echo) -> Iterator[Laptop]:
    """Builds `folder`, and holds it ready for calls. Raises click.ClickException."""
    check_entry(folder, manifest)
    with tempfile.TemporaryDirectory(prefix="agora-run-", ignore_cleanup_errors=True) as scratch:
        home = Path(scratch)  # short, since sockets are opened in it
        _share_cache(home)
        with _agent(home, manifest):
            spec = _make_spec(manifest, _build(folder, manifest, home, echo))
            if manifest.permissions.calls_others:
                echo(NO_OTHERS)
            with asyncio.Runner() as runner, _client(home, runner) as client:
                yield Laptop(spec, client, runner)


def cache_folder() -> Path:
    """Runners and downloaded packages, kept between commands."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "agora" / "builds"


def _share_cache(home: Path) -> None:
    try:
        cache_folder().mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.ClickException(f"{cache_folder()} cannot be made ({error.strerror}): set XDG_CACHE_HOME.") from None
    for name in ("cache", "storage"):
        (home / name).mkdir()
    (home / "cache" / "builds").symlink_to(cache_folder())


@contextmanager
def _agent(home: Path, manifest: Manifest) -> Iterator[None]:
    """An agent that listens. Raises click.ClickException when this machine cannot run one."""
    program = Program("agent", (executable, "-m", "marketplace.cli.laptop_agent", str(home)))
    log = home / "agent.log"
    with log.open("wb") as written:
        process = launch(program, {**os.environ, **_settings(manifest)}, written)
    try:
        _wait_for(AgentConfig(home).agent_socket, process, log)
        yield
    finally:
        stop(process, program)


def _settings(manifest: Manifest) -> dict[str, str]:
    """Of an agent for this one algorithm, which may have the internet if it says so: it is the author's machine."""
    kept = {found.id: int(found.id == manifest.environment) for found in load_environments()}
    return {
        "AGORA_MAX_SLOTS": MOST_SLOTS,
        "AGORA_WARM_SLOTS": ",".join(f"{name}={number}" for name, number in kept.items()),
        "AGORA_ALLOW_NETWORK": str(manifest.permissions.network),
        "AGORA_ARTIFACT_KEYS": "",
    }


def _wait_for(socket: Path, process: subprocess.Popen[bytes], log: Path) -> None:
    give_up = time.monotonic() + AGENT_SECONDS
    while not socket.exists():
        if process.poll() is not None:
            said = log.read_text(errors="replace").strip().splitlines() or ["its process ended"]
            raise click.ClickException(f"Nothing can be run on this machine: {said[-1]}")
        if time.monotonic() > give_up:
            raise click.ClickException(
                "This machine takes too long to isolate a process: try again when it is less busy."
            )
        time.sleep(POLL_SECONDS)


def _build(folder: Path, manifest: Manifest, home: Path, echo: Echo) -> BuiltArtifact:
    packed = pack_folder(folder, home / "source.tar.gz")
    try:
        built = build_artifact(
            environment=manifest.environment,
            entry=manifest.entry_path(),
            source_archive=packed.path,
            workspace=home / "build",
            cache=cache_folder(),
            log=lambda line: echo(f"  {line}"),
        )
    except BuildFailed as error:
        raise click.ClickException(f"The build failed: {error}") from None
    built.path.rename(artifact_path(home, built.digest))
    return built


def _make_spec(manifest: Manifest, built: BuiltArtifact) -> VersionSpec:
    return VersionSpec(
        version_id=built.digest,
        name=manifest.name,
        artifact=built.digest,
        environment=manifest.environment,
        entry=manifest.entry_path(),
        timeout_seconds=manifest.limits.timeout_seconds,
        memory_bytes=manifest.limits.memory_mebibytes * 2**20,
        network=manifest.permissions.network,
        calls_others=manifest.permissions.calls_others,
    )


@contextmanager
def _client(home: Path, runner: asyncio.Runner) -> Iterator[ExecutionClient]:
    client = ExecutionClient(AgentConfig(home).agent_socket)
    runner.run(client.start())
    try:
        yield client
    finally:
        runner.run(client.close())
