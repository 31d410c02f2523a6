"""What is taken out of texts, and what is not."""

import base64
from urllib.parse import quote, quote_plus

import pytest

from execution.protocol.redaction import MARK, Redactor

VALUE = 'pass word/+é"42'


@pytest.mark.parametrize(
    "form",
    [
        VALUE,
        VALUE.replace('"', '\\"').replace("é", "\\u00e9"),
        quote(VALUE),
        quote(VALUE, safe=""),
        quote_plus(VALUE),
        base64.b64encode(VALUE.encode()).decode().rstrip("="),
        base64.urlsafe_b64encode(VALUE.encode()).decode().rstrip("="),
    ],
)
def test_a_secret_is_taken_out_in_each_form(form: str) -> None:
    assert Redactor([VALUE]).strip_text(f"before {form} after") == f"before {MARK} after"


def test_the_longest_is_taken_out_whole() -> None:
    assert Redactor(["12345678", "1234567890"]).strip_text("1234567890 12345678 1234567") == f"{MARK} {MARK} 1234567"


def test_short_values_and_none_take_nothing_out() -> None:
    text = "production " * 3
    assert Redactor(["product"[:7]]).strip_text(text) == Redactor().strip_text(text) == text
