"""The publish guide shows commands that exist, and files that they write."""

import ast
import tomllib

from click.testing import CliRunner

from marketplace.cli.main import main
from marketplace.web.store.publish_guide import make_publish_guide

GUIDE = make_publish_guide("https://agora.example")


def test_commands_are_known() -> None:
    for command in [GUIDE.login, GUIDE.publish, GUIDE.call, *(starter.command for starter in GUIDE.starters)]:
        program, *words = command.split()
        ran = CliRunner().invoke(main, [*words, "--help"])
        assert (program, ran.exit_code) == ("agora", 0), ran.output
        assert all(word in ran.output for word in words if word.startswith("--"))


def test_python_comes_first_and_every_file_is_right_in_its_language() -> None:
    languages = [starter.language for starter in GUIDE.starters]
    assert languages[:2] == ["python", "javascript"]
    for starter in GUIDE.starters:
        source, manifest = starter.files
        assert tomllib.loads(manifest.text)["name"] == "greeting"
        assert source.text.strip()
    ast.parse(GUIDE.starters[0].files[0].text)


def test_ids_are_unique_in_the_page() -> None:
    ids = [file.id for starter in GUIDE.starters for file in starter.files]
    assert len(ids) == len(set(ids)) == 2 * len(GUIDE.starters)
