"""`agora init`"""

from pathlib import Path

import click

from execution.environments import Environment, load_environments
from marketplace.manifest import NAME


@click.command("init")
@click.argument("name")
@click.option("--language", default="python", show_default=True, help="What the algorithm is written in.")
def command(name: str, language: str) -> None:
    """Start an algorithm called NAME in a new folder of that name."""
    if not NAME.fullmatch(name):
        raise click.ClickException(f"{name!r} cannot be a name: use letters, digits and _, and start with a letter.")
    environment = _environment_of(language)
    folder = Path(name)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise click.ClickException(f"{folder}/ exists and is not empty: choose another name, or empty it.")
    for path, text in environment.template_files(name).items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    entry = environment.default_entry(name)
    click.echo(f"Wrote {folder}/: edit {entry}, try it by `agora run {folder}`, then `agora publish {folder}`.")


def _environment_of(language: str) -> Environment:
    environments = load_environments()
    for environment in environments:
        if language.lower() in {environment.language, environment.id}:
            return environment
    known = ", ".join(sorted({environment.language for environment in environments}))
    raise click.ClickException(f"There is no template for {language!r}: choose one of {known}.")
