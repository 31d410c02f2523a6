"""The publish guide: the commands and files are those of the product, not copies of them."""

from dataclasses import dataclass

from execution.environments import load_environments

EXAMPLE_NAME = "greeting"
FIRST_LANGUAGE = "python"


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
    environment_name: str
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
    for environment in sorted(load_environments(), key=lambda found: (found.language != FIRST_LANGUAGE, found.id)):
        texts = environment.template_files(EXAMPLE_NAME)
        wanted = [environment.default_entry(EXAMPLE_NAME), "agora.toml"]
        files = [
            StarterFile(f"{environment.id}-{number}", path, texts[path])
            for number, path in enumerate(wanted)
            if path in texts
        ]
        command = f"agora init {EXAMPLE_NAME} --language {environment.language}"
        if files:
            starters.append(Starter(environment.language, environment.display_name, command, files))
    return starters
