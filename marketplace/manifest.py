"""agora.toml: what an author says about an algorithm. docs/reference/agora-toml.md describes every field."""

import difflib
import json
import re
import tomllib
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from execution.environments import find_environment
from marketplace.errors import MarketplaceError

FILE_NAME = "agora.toml"
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
MICRO = 1_000_000
"""Micro-credits in a credit."""
MOST_ROYALTY = Decimal(1_000_000)

MUST_BE = {
    "name": "letters, digits and underscores, a letter first, 64 at most",
    "summary": "one sentence of up to 200 characters, in quotes",
    "environment": 'the name of an environment, such as "python3" or "javascript"',
    "tags": 'a list of up to 10 words of up to 32 letters, digits and dashes, such as ["image", "ocr"]',
    "public": "true or false",
    "entry": 'the path of the file to load, inside the folder, such as "src/main.py"',
    "permissions": "a table, [permissions]",
    "permissions.network": "true or false",
    "permissions.calls_others": "true or false",
    "limits": "a table, [limits]",
    "limits.timeout_seconds": "a whole number of seconds from 1 to 3000",
    "limits.memory_mebibytes": "a whole number of mebibytes from 16 to 65536",
    "price": "a table, [price]",
    "price.royalty_credits": 'credits per call as text, from "0" to "1000000", with up to 6 decimals',
    "price.royalty_credits_per_second": 'credits per second as text, from "0" to "1000000", with up to 6 decimals',
    "price.free_calls_per_month": "a whole number of calls from 0 to 1000000000",
    "price.free_to_owner": "true or false",
    "sample": "a table, [sample]",
    "sample.input": "JSON as text, such as '\"hello\"' or '{\"a\": 1}'",
    "samples": "a list of up to 10 tables, [[samples]]",
    "samples.name": "a name of its own, of up to 60 characters",
    "samples.input": "JSON as text; for content_type text, the text, and for binary, the bytes in base64",
    "samples.content_type": '"json", "text" or "binary"',
    "samples.expected": "the result as JSON text",
    "schema": "a table, [schema]",
    "schema.input": 'a JSON Schema as a table, or the path of a JSON file with one, such as "schema/input.json"',
    "schema.output": 'a JSON Schema as a table, or the path of a JSON file with one, such as "schema/output.json"',
    "publish": "a table, [publish]",
    "publish.on_push": '"major", "minor" or "revision": what a pushed commit is published as, once it has been built',
}
"""Every field there is, and what its value must be."""

ReadFile = Callable[[str], bytes | None]
"""The content of a file of the folder, by its path there; None for one that is not there."""


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of the file."""


class Permissions(Section):
    """What a version may do beside computing."""

    network: bool = False
    calls_others: bool = False


class Limits(Section):
    """What a call may take."""

    timeout_seconds: Annotated[int, msgspec.Meta(ge=1, le=3_000)] = 300
    memory_mebibytes: Annotated[int, msgspec.Meta(ge=16, le=65_536)] = 512


class Price(Section):
    """What a call costs beside computing."""

    royalty_credits: str = "0"
    royalty_credits_per_second: str = "0"
    free_calls_per_month: Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)] = 0
    free_to_owner: bool = False

    def to_settings(self) -> dict[str, object]:
        """As the API takes them."""
        return {
            "royalty_microcredits": int(Decimal(self.royalty_credits) * MICRO),
            "royalty_microcredits_per_second": int(Decimal(self.royalty_credits_per_second) * MICRO),
            "free_calls_per_month": self.free_calls_per_month,
            "free_to_owner": self.free_to_owner,
        }


class Sample(Section):
    """What the console of the store page starts with."""

    input: str = ""


class NamedSample(Section):
    """An input that each build is tested with before it is published."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    input: str
    content_type: Literal["json", "text", "binary"] = "json"
    expected: str | None = None


class Schemas(Section):
    """What goes in and what comes out, as JSON Schema; empty where the author does not say."""

    input: dict[str, Any] | str = {}
    """A path until read_text has read the file."""
    output: dict[str, Any] | str = {}


class Publish(Section):
    """What becomes of commits that are pushed."""

    on_push: Literal["", "major", "minor", "revision"] = ""
    """Empty: they are built, and not published."""


class Manifest(Section):
    """The whole file."""

    name: Annotated[str, msgspec.Meta(pattern=f"^{NAME.pattern}$")]
    environment: str
    summary: Annotated[str, msgspec.Meta(max_length=200)] = ""
    tags: Annotated[
        tuple[Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9-]{1,32}$")], ...], msgspec.Meta(max_length=10)
    ] = ()
    public: bool = False
    entry: str = ""
    """Empty for the environment's default."""
    permissions: Permissions = Permissions()
    limits: Limits = Limits()
    price: Price = Price()
    sample: Sample = Sample()
    samples: Annotated[tuple[NamedSample, ...], msgspec.Meta(max_length=10)] = ()
    schema: Schemas = Schemas()
    publish: Publish = Publish()

    def entry_path(self) -> str:
        """The file to load, relative to the folder; empty when only the platform can know it."""
        environment = find_environment(self.environment)
        return self.entry or (environment.default_entry(self.name) if environment else "")

    def to_build_settings(self) -> dict[str, object]:
        """As the API takes them."""
        return {
            "environment": self.environment,
            "entry": self.entry_path(),
            "timeout_seconds": self.limits.timeout_seconds,
            "memory_bytes": self.limits.memory_mebibytes * 2**20,
            "network": self.permissions.network,
            "calls_others": self.permissions.calls_others,
            "sample_input": self.sample.input,
            "samples": msgspec.to_builtins(self.samples),
            "input_schema": self.schema.input,
            "output_schema": self.schema.output,
        }


class ManifestError(MarketplaceError):
    """The author must mend agora.toml."""

    code = "manifest"

    def __init__(self, sentence: str) -> None:
        super().__init__(f"{FILE_NAME}: {sentence}")


def read_text(content: bytes, read_file: ReadFile) -> Manifest:
    """The file's bytes, checked, with what it names of the folder's files. Raises ManifestError."""
    try:
        manifest = parse_manifest(tomllib.loads(content.decode()))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ManifestError(f"this is not TOML: {error}.") from None
    schemas = {name: _read_schema(name, getattr(manifest.schema, name), read_file) for name in ("input", "output")}
    return msgspec.structs.replace(manifest, schema=Schemas(**schemas))


def parse_manifest(content: dict[str, object]) -> Manifest:
    """Checks the file's content. Raises ManifestError that names the field and what it must be."""
    _refuse_unknown(content)
    try:
        manifest = msgspec.convert(content, Manifest)
    except msgspec.ValidationError as error:
        raise ManifestError(_sentence(str(error))) from None
    _check_path("entry", manifest.entry)
    _check_royalty("price.royalty_credits", manifest.price.royalty_credits)
    _check_royalty("price.royalty_credits_per_second", manifest.price.royalty_credits_per_second)
    _check_sample(manifest.sample.input)
    return manifest


def _refuse_unknown(content: dict[str, object]) -> None:
    for field in _fields(content):
        if field not in MUST_BE:
            near = difflib.get_close_matches(field, MUST_BE, n=1)
            hint = f"did you mean {near[0]}?" if near else f"the fields are {', '.join(MUST_BE)}."
            raise ManifestError(f"there is no field {field}: {hint}")


def _fields(content: dict[str, object]) -> Iterator[str]:
    for name, value in content.items():
        yield name
        for table in value if isinstance(value, list) else [value]:
            if isinstance(table, dict) and name in MUST_BE:
                yield from (f"{name}.{inner}" for inner in table)


def _sentence(text: str) -> str:
    """Turns msgspec's report, "what - at `$.path`", into ours."""
    if missing := re.search(r"missing required field `(\w+)`(?: - at `\$\.(\w+))?", text):
        field = f"{missing[2]}.{missing[1]}" if missing[2] else missing[1]
        return f"{field} is missing: it must be {MUST_BE[field]}."
    place = re.search(r"at `\$\.([\w.]+)", re.sub(r"\[\d+\]", "", text))
    field = place[1] if place else ""
    return f"{field} must be {MUST_BE[field]}." if field in MUST_BE else f"{text}."


def _check_path(field: str, text: str) -> None:
    path = Path(text)
    if path.is_absolute() or ".." in path.parts:
        raise ManifestError(f"{field} must be {MUST_BE[field]}.")


def _read_schema(name: str, given: dict[str, Any] | str, read_file: ReadFile) -> dict[str, Any]:
    field = f"schema.{name}"
    if isinstance(given, dict):
        found: Any = given
    else:
        _check_path(field, given)
        content = read_file(given)
        if content is None:
            raise ManifestError(f"there is no file {given}, which {field} names.")
        found = _parse_json(content)
    if not isinstance(found, dict) or not _is_json(found):
        raise ManifestError(f"{field} must be {MUST_BE[field]}.")
    return found


def _parse_json(content: bytes) -> Any:
    """None for what is no JSON."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _is_json(value: object) -> bool:
    """TOML has dates, and JSON has none."""
    try:
        json.dumps(value)
    except TypeError:
        return False
    return True


def _check_royalty(field: str, text: str) -> None:
    try:
        royalty = Decimal(text)
    except InvalidOperation:
        royalty = Decimal("NaN")
    fits = royalty.is_finite() and 0 <= royalty <= MOST_ROYALTY and royalty * MICRO == int(royalty * MICRO)
    if not fits:
        raise ManifestError(f"{field} must be {MUST_BE[field]}.")


def _check_sample(text: str) -> None:
    try:
        json.loads(text or "null")
    except ValueError:
        raise ManifestError(f"sample.input must be {MUST_BE['sample.input']}.") from None
