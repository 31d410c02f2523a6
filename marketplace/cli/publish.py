"""`agora publish`"""

import json
import shlex
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click

from marketplace.cli.adk_folder import read_adk_folder
from marketplace.cli.credentials import load_credentials
from marketplace.cli.manifest import read_manifest
from marketplace.cli.packing import Packed, pack_folder
from marketplace.cli.platform_client import JsonObject, Platform, Refused
from marketplace.manifest import FILE_NAME, Manifest

POLL_SECONDS = 0.3
BUMPS = ("major", "minor", "revision")
Echo = Callable[[str], object]


@dataclass(frozen=True)
class Published:
    """What a folder was published as. `new` is False when that version was there already."""

    reference: str
    """`owner/name`"""
    version: str
    new: bool


@click.command("publish")
@click.argument("folder", type=click.Path(path_type=Path), default=".")
@click.option("--bump", type=click.Choice(BUMPS), default="minor", show_default=True, help="Which number goes up.")
@click.option("--notes", default="", help="What is new in this version.")
@click.option("--organization", help="Who shall own the algorithm, if not the key's organization.")
def command(folder: Path, bump: str, notes: str, organization: str | None) -> None:
    """Build FOLDER on the platform and publish it as the next version of its algorithm."""
    manifest = read_folder(folder)
    with Platform(load_credentials()) as platform:
        published = publish_folder(
            platform, folder, manifest, bump=bump, notes=notes, organization=organization, echo=click.echo
        )
        click.echo(_closing_words(platform.address, published, manifest))


def read_folder(folder: Path) -> Manifest:
    """What agora.toml says, or what a folder says that was written for Algorithmia. Raises click.ClickException."""
    found = None if (folder / FILE_NAME).exists() else read_adk_folder(folder)
    return found or read_manifest(folder)


def publish_folder(
    platform: Platform,
    folder: Path,
    manifest: Manifest,
    *,
    bump: str = "minor",
    notes: str = "",
    organization: str | None = None,
    echo: Echo,
) -> Published:
    """Publishes `folder`, unless its newest version was made of the same files. Raises click.ClickException."""
    check_entry(folder, manifest)
    owner = organization or platform.get("/v1/organizations")["results"][0]["org_name"]
    with tempfile.TemporaryDirectory(prefix="agora-publish-") as scratch:
        packed = pack_folder(folder, Path(scratch) / "source.tar.gz")
        algorithm = _save_algorithm(platform, owner, folder, manifest)
        current = algorithm.get("version_info") or {}
        if current.get("git_hash") == packed.source_hash:
            return Published(f"{owner}/{manifest.name}", current["semantic_version"], new=False)
        build_id = _build(platform, owner, manifest, packed, echo)
    version = _publish_build(platform, owner, manifest, build_id, bump, notes, echo)
    return Published(f"{owner}/{manifest.name}", version, new=True)


def check_entry(folder: Path, manifest: Manifest) -> None:
    """Raises click.ClickException when the file to load is not there."""
    entry = manifest.entry_path()
    if entry and not (folder / entry).is_file():
        raise click.ClickException(
            f"{FILE_NAME}: there is no file {entry} in {folder}: add it, or name the file to load as `entry`."
        )


def _save_algorithm(platform: Platform, owner: str, folder: Path, manifest: Manifest) -> JsonObject:
    """Makes the algorithm, or brings its page up to date."""
    body = _description(folder, manifest)
    try:
        platform.get(f"/v1/algorithms/{owner}/{manifest.name}")
    except Refused as refused:
        if refused.status != 404:
            raise
        return platform.post(f"/v1/algorithms/{owner}", {"name": manifest.name, **body})
    return platform.put(f"/v1/algorithms/{owner}/{manifest.name}", body)


def _description(folder: Path, manifest: Manifest) -> JsonObject:
    readme = folder / "README.md"
    text = readme.read_text(encoding="utf-8", errors="replace") if readme.is_file() else ""
    return {
        "details": {"tagline": manifest.summary, "summary": text, "tags": list(manifest.tags)},
        "settings": {
            "algorithm_environment": manifest.environment,
            "algorithm_callability": "public" if manifest.public else "private",
        },
    }


def _build(platform: Platform, owner: str, manifest: Manifest, packed: Packed, echo: Echo) -> str:
    """Uploads the source, shows the build's log while it grows, and answers the build's id."""
    echo(f"Uploading {packed.files} files, {packed.path.stat().st_size / 1024:,.0f} KiB")
    builds = f"/v1/algorithms/{owner}/{manifest.name}/builds"
    build = platform.upload(builds, packed.path, {"settings": json.dumps(manifest.to_build_settings())})
    follow_build(platform, f"{builds}/{build['build_id']}", echo)
    return str(build["build_id"])


def follow_build(platform: Platform, build: str, echo: Echo) -> None:
    """Shows what the build at that path of the API logs until it ends. Raises click.ClickException when it failed."""
    shown = 0
    while True:
        found = platform.get(build)
        log = platform.get(f"{build}/logs")["logs"]
        ended = found["status"] != "in-progress"
        whole = log if ended else log[: log.rfind("\n") + 1]
        for line in whole[shown:].splitlines():
            echo(f"  {line}")
        shown = max(shown, len(whole))
        if ended:
            break
        time.sleep(POLL_SECONDS)
    if found["status"] == "failed":
        raise click.ClickException(f"The build failed: {found['failure'] or 'the log above says why.'}")


def _publish_build(
    platform: Platform, owner: str, manifest: Manifest, build_id: str, bump: str, notes: str, echo: Echo
) -> str:
    body = {
        "build_id": build_id,
        "version_info": {"version_type": bump, "release_notes": notes, "sample_input": manifest.sample.input},
        "settings": manifest.price.to_settings(),
    }
    published = platform.post(f"/v1/algorithms/{owner}/{manifest.name}/versions", body)
    for sample in published["version_info"].get("sample_results", ()):
        echo(f"Sample {sample['name']}: {sample['verdict'].replace('_', ' ')} {sample['error']}".rstrip())
    return str(published["version_info"]["semantic_version"])


def _closing_words(address: str, published: Published, manifest: Manifest) -> str:
    endpoint = f"{address}/v1/algo/{published.reference}"
    said = f"Published {published.reference} {published.version}."
    if not published.new:
        said = f"Nothing has changed since {published.reference} {published.version}."
    curl = (
        f'curl {endpoint} -H "Authorization: Simple $AGORA_API_KEY" '
        f"-H 'Content-Type: application/json' -d {shlex.quote(manifest.sample.input or 'null')}"
    )
    return f"{said}\n\nEndpoint: {endpoint}\nTry it:   {curl}"
