"""Where the platform is and which key to use: environment variables first, then what `agora login` stored."""

import json
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

import click

DEFAULT_ADDRESS = "http://127.0.0.1:8000"


@dataclass(frozen=True)
class Credentials:
    """A platform and a key for it."""

    address: str
    key: str


def config_path() -> Path:
    """The file that `agora login` writes."""
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "agora" / "config.toml"


def load_credentials() -> Credentials:
    """Raises click.ClickException when there is no key."""
    stored = _read_stored()
    address = os.environ.get("AGORA_ADDRESS") or stored.get("address") or DEFAULT_ADDRESS
    key = os.environ.get("AGORA_API_KEY") or stored.get("key")
    if not key:
        raise click.ClickException("No API key: run `agora login --key KEY`, or set AGORA_API_KEY.")
    return Credentials(address=address.rstrip("/"), key=key)


def store_credentials(credentials: Credentials) -> Path:
    """Writes the file so that only its owner can read it, and answers its path."""
    path = config_path()
    text = "".join(f"{name} = {json.dumps(value)}\n" for name, value in vars(credentials).items())
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.unlink(missing_ok=True)
        path.touch(mode=0o600, exist_ok=False)  # before the key is in it
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written ({error.strerror}): set AGORA_API_KEY instead.") from None
    return path


def _read_stored() -> dict[str, str]:
    path = config_path()
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError):
        raise click.ClickException(f"{path} cannot be read: run `agora login` again, or remove it.") from None
    return {name: value for name, value in content.items() if isinstance(value, str)}
