"""More versions of published algorithms, without building each: `python -m tests.benchmarks.copies COUNT ALGORITHM...`.

Each copy has an artifact of its own, with one file more than the version that it was copied from, so that the agent
must fetch and unpack it like any other. The platform is named by the environment, as for its own processes. Prints
JSON: the new version numbers by `owner/name`.
"""

import io
import json
import random
import sys
import tarfile
import uuid
from typing import Any

import django
from django.db import models
from django.utils import timezone


def main(count: int, names: list[str]) -> None:
    """Copies, publishes and prints."""
    django.setup()
    from marketplace.algorithms.publication import publish_algorithms_now

    made = {name: _copy(name, count) for name in names}
    publish_algorithms_now({version.algorithm_id for versions in made.values() for version in versions})
    print(json.dumps({name: [version.number for version in versions] for name, versions in made.items()}))


def _copy(name: str, count: int) -> list[Any]:
    from marketplace.algorithms.models import Version

    owner, _, own_name = name.partition("/")
    versions = Version.objects.select_related("build").filter(algorithm__organization__slug=owner)
    newest = versions.filter(algorithm__name=own_name).latest("published_at")
    return [_copy_version(newest, number) for number in range(1, count + 1)]


def _copy_version(version: Any, number: int) -> Any:
    from billing.pricing.models import Price

    artifact = _store_changed(version.artifact, number)
    source_hash = f"{random.getrandbits(256):064x}"
    build = _insert(version.build, artifact=artifact, source_hash=source_hash)
    copy = _insert(
        version,
        build=build,
        artifact=artifact,
        source_hash=source_hash,
        revision=version.revision + number,
        published_at=timezone.now(),
    )
    _insert(Price.objects.filter(version_id=version.pk).latest("effective_at"), version_id=copy.pk)
    return copy


def _insert(row: models.Model, **changes: object) -> Any:
    """Another row with the same columns but these."""
    values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    values[row._meta.pk.attname] = uuid.uuid4() if isinstance(row._meta.pk, models.UUIDField) else None
    copy = type(row)(**values)
    for name, value in changes.items():
        setattr(copy, name, value)
    copy.save(force_insert=True)
    return copy


def _store_changed(digest: str, number: int) -> str:
    """The digest of a new artifact."""
    from marketplace.algorithms.blobs import artifact_name, hash_blob, open_artifact, store_blob
    from marketplace.algorithms.signing import sign_artifact

    with open_artifact(digest) as stream:
        content = io.BytesIO(stream.read())
    with tarfile.open(fileobj=content, mode="a", format=tarfile.GNU_FORMAT) as tar:
        tar.addfile(tarfile.TarInfo(f"copy{number}"))
    changed, size = hash_blob(content)
    store_blob(artifact_name(changed), content, size)
    sign_artifact(changed)
    return changed


main(int(sys.argv[1]), sys.argv[2:])
