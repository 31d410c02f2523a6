"""The publish guide: the commands and files are those of the product, not copies of them."""

from dataclasses import dataclass

from execution.environments import list_available
from marketplace.web.store.filters import language_names

EXAMPLE_NAME = "greeting"
FIRST_LANGUAGES = ("python", "javascript")
"""What most authors write; the others follow by name."""


@dataclass(frozen=True)
class StarterFile:
    """A file that `agora init` writes."""

    id: str
    path: str
    text: str


@dataclass(frozen=True)
class Starter:
    """A first algorithm in one environment."""

    language: str
    language_name: str
    command: str
    files: list[StarterFile]


@dataclass(frozen=True)
class PublishGuide:
    """Commands for this platform, in the order they are typed."""

    login: str
    publish: str
    call: str
    starters: list[Starter]


def make_publish_guide(address: str) -> PublishGuide:
    """For the platform at `address`."""
    return PublishGuide(
        login=f"agora login --address {address}",
        publish=f"agora publish {EXAMPLE_NAME}",
        call=f"agora call YOUR_NAME/{EXAMPLE_NAME} --data '\"world\"'",
        starters=_make_starters(),
    )


def _make_starters() -> list[Starter]:
    starters = []
    names = language_names()
    order = [*FIRST_LANGUAGES, *(language for language in names if language not in FIRST_LANGUAGES)]
    for environment in sorted(list_available(), key=lambda found: order.index(found.language)):
        texts = environment.template_files(EXAMPLE_NAME)
        wanted = [environment.default_entry(EXAMPLE_NAME), "agora.toml"]
        files = [
            StarterFile(f"{environment.id}-{number}", path, texts[path])
            for number, path in enumerate(wanted)
            if path in texts
        ]
        command = f"agora init {EXAMPLE_NAME} --language {environment.language}"
        if files:
            starters.append(Starter(environment.language, names[environment.language], command, files))
    return starters
