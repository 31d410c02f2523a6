"""agora.toml: what may stand in it, and what is said when it is wrong."""

import re
import tomllib
from pathlib import Path

import click
import pytest

from execution.environments import load_environments
from marketplace.cli.manifest import read_manifest
from marketplace.manifest import MUST_BE, ManifestError, parse_manifest
from marketplace.settings import REPOSITORY

SMALLEST = {"name": "echo", "environment": "python3"}
REFERENCE = REPOSITORY / "docs" / "reference" / "agora-toml.md"


def write(folder: Path, text: str) -> Path:
    (folder / "agora.toml").write_text(text)
    return folder


def test_the_smallest_file_has_defaults_for_the_rest() -> None:
    manifest = parse_manifest(SMALLEST)
    assert (manifest.summary, manifest.tags, manifest.public) == ("", (), False)
    assert (manifest.permissions.network, manifest.permissions.calls_others) == (False, False)
    assert (manifest.limits.timeout_seconds, manifest.limits.memory_mebibytes) == (300, 512)
    assert (manifest.price.to_settings()["royalty_microcredits"], manifest.sample.input) == (0, "")
    assert manifest.entry_path() == "src/echo.py"


def test_an_environment_that_only_the_platform_knows_needs_no_entry_here() -> None:
    assert parse_manifest(SMALLEST | {"environment": "cobol"}).entry_path() == ""
    assert parse_manifest(SMALLEST | {"environment": "cobol", "entry": "x.cob"}).entry_path() == "x.cob"


@pytest.mark.parametrize(("text", "amount"), [("0", 0), ("0.5", 500_000), ("0.000001", 1), ("1000000", 10**12)])
def test_a_royalty_is_exact(text: str, amount: int) -> None:
    price = parse_manifest(SMALLEST | {"price": {"royalty_credits": text}}).price
    assert price.to_settings()["royalty_microcredits"] == amount


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "1x"}, "name"),
        ({"name": "a-b"}, "name"),
        ({"name": 7}, "name"),
        ({"summary": "x" * 201}, "summary"),
        ({"tags": "image"}, "tags"),
        ({"tags": ["a b"]}, "tags"),
        ({"tags": ["x"] * 11}, "tags"),
        ({"public": "yes"}, "public"),
        ({"entry": "/x.py"}, "entry"),
        ({"entry": "../x.py"}, "entry"),
        ({"permissions": True}, "permissions"),
        ({"permissions": {"network": 1}}, "permissions.network"),
        ({"limits": {"timeout_seconds": 0}}, "limits.timeout_seconds"),
        ({"limits": {"timeout_seconds": 3001}}, "limits.timeout_seconds"),
        ({"limits": {"timeout_seconds": 1.5}}, "limits.timeout_seconds"),
        ({"limits": {"memory_mebibytes": 15}}, "limits.memory_mebibytes"),
        ({"price": {"royalty_credits": 0.5}}, "price.royalty_credits"),
        ({"price": {"royalty_credits": "-1"}}, "price.royalty_credits"),
        ({"price": {"royalty_credits": "NaN"}}, "price.royalty_credits"),
        ({"price": {"royalty_credits": "0.0000001"}}, "price.royalty_credits"),
        ({"price": {"royalty_credits": "1e99"}}, "price.royalty_credits"),
        ({"schema": {"input": 7}}, "schema.input"),
        ({"sample": {"input": "{"}}, "sample.input"),
        ({"sample": {"input": 7}}, "sample.input"),
        ({"samples": {"name": "x"}}, "samples"),
        ({"samples": [{"name": "x", "input": 7}]}, "samples.input"),
        ({"samples": [{"name": "x", "input": "1", "content_type": "xml"}]}, "samples.content_type"),
    ],
)
def test_it_says_which_field_must_be_what(change: dict[str, object], field: str) -> None:
    with pytest.raises(ManifestError) as refused:
        parse_manifest(SMALLEST | change)
    assert refused.value.message == f"agora.toml: {field} must be {MUST_BE[field]}."


@pytest.mark.parametrize("missing", ["name", "environment"])
def test_what_is_needed_and_missing(missing: str) -> None:
    with pytest.raises(ManifestError, match=missing):
        parse_manifest({key: value for key, value in SMALLEST.items() if key != missing})


@pytest.mark.parametrize(
    ("change", "hint"), [({"summry": "x"}, "summary"), ({"limits": {"timeout": 3}}, "limits.timeout_seconds")]
)
def test_a_misspelt_field_is_guessed(change: dict[str, object], hint: str) -> None:
    with pytest.raises(ManifestError, match=re.escape(hint)):
        parse_manifest(SMALLEST | change)


def test_a_file_that_is_not_there_or_not_toml(tmp_path: Path) -> None:
    with pytest.raises(click.ClickException, match=r"no agora.toml in .*agora init"):
        read_manifest(tmp_path)
    with pytest.raises(click.ClickException, match=r"not TOML.*line 1"):
        read_manifest(write(tmp_path, "name = echo"))
    (tmp_path / "agora.toml").write_bytes(b"name = '\xff'")
    with pytest.raises(click.ClickException, match="not TOML"):
        read_manifest(tmp_path)


def test_a_schema_stands_in_the_file_or_beside_it(tmp_path: Path) -> None:
    (tmp_path / "schema.json").write_text('{"type": "string"}')
    text = 'name = "echo"\nenvironment = "python3"\n[schema]\ninput = "{}"\noutput = {{ type = "integer" }}\n'
    settings = read_manifest(write(tmp_path, text.format("schema.json"))).to_build_settings()
    assert (settings["input_schema"], settings["output_schema"]) == ({"type": "string"}, {"type": "integer"})
    with pytest.raises(click.ClickException, match=r"no file other\.json, which schema\.input names"):
        read_manifest(write(tmp_path, text.format("other.json")))
    for wrong in ("../schema.json", "agora.toml"):
        with pytest.raises(click.ClickException, match=r"schema\.input must be"):
            read_manifest(write(tmp_path, text.format(wrong)))
    with pytest.raises(click.ClickException, match=r"schema\.output must be"):
        read_manifest(write(tmp_path, text.format("schema.json").replace('"integer"', "2020-01-01")))


def test_the_reference_names_every_field_and_its_example_is_right() -> None:
    text = REFERENCE.read_text("utf-8")
    for field in MUST_BE:
        assert f"`{field}`" in text or f"`[{field}]`" in text, f"{field} is not described"
    for example in re.findall(r"```toml\n(.*?)```", text, re.DOTALL):
        parse_manifest(tomllib.loads(example))


@pytest.mark.parametrize("environment", load_environments(), ids=lambda found: found.id)
def test_every_template_can_be_published_as_it_is(environment: object, tmp_path: Path) -> None:
    for path, text in environment.template_files("my_first").items():  # type: ignore[attr-defined]
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    manifest = read_manifest(tmp_path)
    assert manifest.name == "my_first"
    assert (tmp_path / manifest.entry_path()).is_file()
    assert "{name}" not in "".join(path.read_text() for path in tmp_path.rglob("*") if path.is_file())
