"""agora.toml in an author's folder."""

from pathlib import Path

import click

from marketplace.manifest import FILE_NAME, Manifest, ManifestError, read_text


def read_manifest(folder: Path) -> Manifest:
    """Reads and checks `folder`/agora.toml. Raises ClickException, also when there is none."""
    path = folder / FILE_NAME
    try:
        return read_text(path.read_bytes(), lambda name: _read_file(folder / name))
    except (FileNotFoundError, NotADirectoryError):
        raise click.ClickException(
            f"There is no {FILE_NAME} in {folder}: name an algorithm's folder, or start one with `agora init NAME`."
        ) from None
    except OSError as error:
        raise click.ClickException(f"{path} cannot be read: {error.strerror}.") from None
    except ManifestError as error:
        raise click.ClickException(error.message) from None


def _read_file(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None
