"""How an author wants a version to run: what agora.toml says beside the texts of the store."""

from typing import Any

import msgspec

from marketplace.algorithms.samples import LONGEST_SAMPLE_CHARACTERS, Sample, check_samples, merge_samples
from marketplace.algorithms.schemas import check_schemas
from marketplace.errors import InvalidInput
from marketplace.texts import check_storable

MEBIBYTE = 1024 * 1024
LONGEST_TIMEOUT_SECONDS = 3000
MEMORY_BYTES_RANGE = (16 * MEBIBYTE, 64 * 1024 * MEBIBYTE)


class BuildSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Kept with the build as JSON, and copied into the version that is published from it."""

    environment: str
    entry: str
    """Path of the file to load, inside the source tree."""
    timeout_seconds: int = 300
    memory_bytes: int = 512 * MEBIBYTE
    network: bool = False
    calls_others: bool = False
    sample_input: str = ""
    """JSON text for the console of the store page, or nothing."""
    samples: tuple[Sample, ...] = ()
    """What the build is tested with before it is published."""
    input_schema: dict[str, Any] = {}
    """JSON Schema of what goes in; empty where the author does not say. `output_schema` likewise."""
    output_schema: dict[str, Any] = {}


def check_settings(settings: BuildSettings) -> None:
    """Raises InvalidInput for the first value that cannot be right."""
    for field in ("environment", "entry", "sample_input"):
        check_storable(field, getattr(settings, field))
    if not settings.environment:
        raise InvalidInput("environment", "Name the environment, for instance python3.")
    if not settings.entry or settings.entry.startswith("/") or ".." in settings.entry.split("/"):
        raise InvalidInput("entry", "The entry must be the path of a file inside the source.")
    if not 1 <= settings.timeout_seconds <= LONGEST_TIMEOUT_SECONDS:
        raise InvalidInput("timeout_seconds", f"The timeout must be 1 to {LONGEST_TIMEOUT_SECONDS} seconds.")
    smallest, largest = MEMORY_BYTES_RANGE
    if not smallest <= settings.memory_bytes <= largest:
        limits = f"{smallest // MEBIBYTE} to {largest // MEBIBYTE}"
        raise InvalidInput("memory_mebibytes", f"The memory must be {limits} MiB.")
    check_sample(settings.sample_input)
    check_samples(settings.samples)
    samples = merge_samples(settings.samples, (), settings.sample_input)
    check_schemas(settings.input_schema, settings.output_schema, samples)


def check_sample(text: str) -> None:
    """Raises InvalidInput for a sample input that is too long or no JSON text; none at all is one."""
    if len(text) > LONGEST_SAMPLE_CHARACTERS:
        raise InvalidInput("sample_input", f"The sample input may have {LONGEST_SAMPLE_CHARACTERS} characters.")
    try:
        if text:
            msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InvalidInput("sample_input", f"The sample input is not JSON: {error}.") from None
