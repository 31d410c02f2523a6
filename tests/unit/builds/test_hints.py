"""A failed build says what its author should do."""

import pytest

from execution.builds.hints import find_hint
from execution.errors import BuildFailed
from tests.unit.builds.conftest import Bench


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("npm error 404  'not-there@1.0.0' is not in this registry.", "There is no package not-there on npm"),
        ("npm error notarget No matching version found for is-number@99.0.0.", "There is no is-number@99.0.0 on npm"),
        ("src/x.ts(1,20): error TS2307: Cannot find module 'left-pad' or its", "Add left-pad to the dependencies"),
        ("error: no matching package named `hek` found", "There is no crate hek"),
        ("x.go:3:8: no required module provides package example.com/x; to add", "Run `go get example.com/x`"),
        ("src/A.java:1: error: package org.apache.commons does not exist", "has org.apache.commons in pom.xml"),
        ("src/x.c:1:10: fatal error: curl/curl.h: No such file or directory", "Put curl/curl.h into the source"),
        ("OSError: [Errno 101] Network is unreachable", "have no network while it is built"),
        ("Everything is well", ""),
    ],
)
def test_what_a_tool_says_becomes_what_to_do(line: str, hint: str) -> None:
    found = find_hint(["before", line, "after"])
    assert (hint in found) if hint else found == ""


@pytest.mark.parametrize(
    ("files", "environment", "hint"),
    [
        ({"requirements.txt": "six==99.0\n", "src/x.py": ""}, "python3", "There is no such version of six"),
        (
            {"requirements.txt": "no-package-has-such-a-name-at-all\n", "src/x.py": ""},
            "python3",
            "There is no package no-package-has-such-a-name-at-all on PyPI",
        ),
        (
            {"package.json": '{"dependencies": {"is-number": "99.0.0"}}', "src/x.js": ""},
            "javascript",
            "There is no is-number@99.0.0 on npm",
        ),
    ],
)
def test_a_failed_build_says_what_to_do(bench: Bench, files: dict[str, str], environment: str, hint: str) -> None:
    entry = next(name for name in files if name.startswith("src/"))
    with pytest.raises(BuildFailed) as failed:
        bench.build(files, entry=entry, environment=environment)
    assert hint in str(failed.value), bench.log
