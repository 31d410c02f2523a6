"""The tabs of an algorithm, and the page of a version, as their owners use them."""

import io
import json
import tarfile

import pytest
from django.test import Client

from marketplace.accounts.models import User
from marketplace.algorithms.build_settings import BuildSettings
from marketplace.algorithms.models import (
    Advisory,
    Algorithm,
    AlgorithmSecret,
    Build,
    OrganizationSecret,
    TrafficSplit,
    Version,
)
from marketplace.algorithms.samples import read_samples
from marketplace.algorithms.services import publish_version, start_build
from tests.factories.calls import record_calls
from tests.factories.catalogue import make_algorithm, make_version
from tests.integration.web.console.conftest import signed_in

PAGE = "/console/alice/algorithms/ocr"


@pytest.fixture
def author(alice: User) -> Client:
    return signed_in(alice)


@pytest.fixture
def ocr(alice: User) -> Algorithm:
    return make_algorithm("ocr", by=alice)


def text_of(client: Client, path: str) -> str:
    return client.get(f"{PAGE}{path}").content.decode()


def pack(text: str) -> io.BytesIO:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, content in (("src/ocr.py", text.encode()), ("weights.bin", b"\0" + text.encode())):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    packed.seek(0)
    return packed


def make_version_of(algorithm: Algorithm, text: str, package: str, by: User) -> Version:
    """Of a source that is in the storage."""
    settings = BuildSettings(environment="python3", entry="src/ocr.py", timeout_seconds=int(package))
    build = start_build(algorithm=algorithm, source=pack(text), settings=settings, by=by)
    resolved = [{"name": "lib", "version": f"{package}.0", "type": "pypi"}]
    Build.objects.filter(pk=build.pk).update(state="succeeded", artifact="0" * 64, resolved=resolved)
    build.refresh_from_db()
    return publish_version(build=build, bump="minor", by=by)


def test_a_version_s_page_shows_what_differs(author: Client, alice: User, ocr: Algorithm) -> None:
    for text, package in (("a\nb\n", "1"), ("a\nc\n", "2")):
        make_version_of(ocr, text, package, alice)
    page = text_of(author, "/versions/0.2.0")
    for wanted in ("Timeout, seconds", "<code>lib</code>", "2.0", "Deprecate", ">-b<", ">+c<", "weights.bin differs"):
        assert wanted in page
    assert "It is the first one." in text_of(author, "/versions/0.1.0?with=9.9.9")
    assert author.get(f"{PAGE}/versions/9.9.9").status_code == 404


def test_a_version_is_deprecated_and_an_older_one_made_the_latest(author: Client, ocr: Algorithm) -> None:
    for _ in range(2):
        make_version(ocr)
    author.post(f"{PAGE}/versions/0.1.0/deprecate", {"text": "Use 0.2."})
    assert "Use 0.2." in text_of(author, "/versions/0.1.0")
    assert "This field is required." in author.post(f"{PAGE}/versions/0.1.0/deprecate", {"text": " "}).content.decode()
    author.post(f"{PAGE}/versions/0.1.0/deprecate", {"end": "1"})
    assert "Use 0.2." not in text_of(author, "/versions/0.1.0")
    author.post(f"{PAGE}/versions/0.1.0/latest")
    assert "rolled back" in text_of(author, "/versions/0.2.0")
    assert "rolled back" not in text_of(author, "/versions/0.1.0")


def test_samples_are_added_replaced_and_removed(author: Client, ocr: Algorithm) -> None:
    sample = {"name": "one", "input": "1", "content_type": "json", "expected": ""}
    assert author.post(f"{PAGE}/samples", sample).status_code == 302
    author.post(f"{PAGE}/samples", sample | {"input": "2", "expected": "3"})
    ocr.refresh_from_db()
    (kept,) = read_samples(ocr.samples)
    assert (kept.input, kept.expected) == ("2", "3")
    assert "cannot be read" in author.post(f"{PAGE}/samples", sample | {"input": "{"}).content.decode()
    author.post(f"{PAGE}/samples/on-change", {"on_change": "refuse"})
    author.post(f"{PAGE}/samples/on-change", {"on_change": "perhaps"})
    author.post(f"{PAGE}/samples/remove", {"sample": "one"})
    ocr.refresh_from_db()
    assert (ocr.samples, ocr.on_change) == ([], "refuse")


def test_traffic_is_split_seen_and_united(author: Client, ocr: Algorithm) -> None:
    assert "Nothing to compare" in text_of(author, "/traffic")
    for _ in range(2):
        make_version(ocr)
    split = {"base": "0.1.0", "candidate": "0.2.0", "percent": "25"}
    assert author.post(f"{PAGE}/traffic", split).status_code == 302
    record_calls(Version.objects.get(minor=2), 12, run_us=3_000)
    page = text_of(author, "/traffic")
    for wanted in ("75 %", "25 %", ">12<", "3 ms"):
        assert wanted in page
    assert "two different versions" in author.post(f"{PAGE}/traffic", split | {"base": "0.2.0"}).content.decode()
    author.post(f"{PAGE}/traffic/unite")
    assert not TrafficSplit.objects.exists()


def test_secrets_are_set_for_one_or_all_and_never_shown(author: Client, ocr: Algorithm) -> None:
    secret = {"variable": "TOKEN", "value": "hunter2", "label": "The token"}
    assert author.post(f"{PAGE}/secrets", secret).status_code == 302
    author.post(f"{PAGE}/secrets", secret | {"shared": "on"})
    page = text_of(author, "/secrets")
    assert "hunter2" not in page
    assert "own goes before it" in page
    assert "The platform sets HOME" in author.post(f"{PAGE}/secrets", secret | {"variable": "HOME"}).content.decode()
    author.post(f"{PAGE}/secrets/{AlgorithmSecret.objects.get().pk}/remove")
    author.post(f"{PAGE}/secrets/shared/{OrganizationSecret.objects.get().pk}/remove")
    assert "No secrets" in text_of(author, "/secrets")


def test_the_supply_chain_of_a_version(author: Client, ocr: Algorithm) -> None:
    assert "No version yet" in text_of(author, "/supply-chain")
    version = make_version(ocr)
    version.build.resolved = [{"name": "requests", "version": "2.19.0", "type": "pypi", "license": "Apache-2.0"}]
    version.build.save()
    assert "not looked up" in text_of(author, "/supply-chain")
    Advisory.objects.create(
        advisory_id="GHSA-1", type="pypi", name="requests", severity="high", affected={"versions": ["2.19.0"]}
    )
    page = text_of(author, "/supply-chain?version=0.1.0")
    for wanted in ("GHSA-1", "Apache-2.0", "requests 2.19.0", "not signed"):
        assert wanted in page
    bill = author.get(f"{PAGE}/versions/0.1.0/bill-of-materials")
    assert bill["Content-Disposition"] == 'attachment; filename="alice-ocr-0.1.0.cdx.json"'
    assert json.loads(bill.content)["components"][0]["name"] == "requests"
