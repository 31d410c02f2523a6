"""A folder that was written for Algorithmia, and has no agora.toml: what its algorithmia.conf and its files say."""

import json
import re
from pathlib import Path

from marketplace.manifest import NAME, Manifest, Permissions

CONF = "algorithmia.conf"
MARKER = ".adk"
LANGUAGES = {
    "javascript": "javascript",
    "java": "java",
    "python": "python3",
    "anaconda": "python3",
    "conda": "python3",
    "miniforge": "python3",
    "scala": "scala",
    "ruby": "ruby",
    "rust": "rust",
    "csharp": "csharp",
    "r": "r",
}
"""How Algorithmia's names of languages begin, and our environments. The first that fits counts."""
ENTRIES = {
    "python3": ("src/*.py",),
    "java": ("src/main/java/**/*.java", "src/**/*.java"),
    "scala": ("src/main/scala/**/*.scala", "src/**/*.scala"),
    "rust": ("src/main.rs", "src/lib.rs"),
    "javascript": ("src/*.js", "*.js"),
    "ruby": ("src/*.rb", "lib/*.rb", "*.rb"),
    "csharp": ("src/*.cs",),
    "r": ("src/*.R", "src/*.r", "*.R", "*.r"),
}
"""Where each language's templates had the file with apply."""
APPLY = re.compile(r"\bapply\b|\bgetAlgorithmHandler\b|^\s*algorithm\s*<-", re.MULTILINE)
ADK = re.compile(
    r"\bfrom adk import\b|\bAlgorithmia\.handler\(|\bfrom Algorithmia import ADK\b|\bgetAlgorithmHandler\(|"
    r"\bextends AbstractAlgorithm\b|\bhandler::(run|load_and_run)\("
)


def read_adk_folder(folder: Path) -> Manifest | None:
    """The manifest that such a folder would have; None if it is none. It may call others, as on Algorithmia."""
    conf = _read_conf(folder / CONF)
    name = conf.get("algoname") or folder.resolve().name
    environment = _environment_of(conf.get("language", ""))
    for candidate in [environment] if environment else ENTRIES:
        entry = _find_entry(folder, candidate, name)
        if entry is not None and (conf or (folder / MARKER).exists() or ADK.search(_text(entry))):
            break
    else:
        return None
    if not NAME.fullmatch(name):
        return None
    path = entry.relative_to(folder).as_posix()
    return Manifest(name=name, environment=candidate, entry=path, permissions=Permissions(calls_others=True))


def _read_conf(path: Path) -> dict[str, str]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return {key: value for key, value in found.items() if isinstance(value, str)} if isinstance(found, dict) else {}


def _environment_of(language: str) -> str | None:
    return next((ours for start, ours in LANGUAGES.items() if language.lower().startswith(start)), None)


def _find_entry(folder: Path, environment: str, name: str) -> Path | None:
    """The file with apply: the one that is called as the algorithm, or else the first."""
    found = [path for pattern in ENTRIES[environment] for path in sorted(folder.glob(pattern)) if path.is_file()]
    found = [path for path in found if "test" not in path.stem.lower() and APPLY.search(_text(path))]
    return min(found, key=lambda path: path.stem.lower() != name.lower(), default=None)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")
