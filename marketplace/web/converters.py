"""Parts of addresses."""

from django.urls import register_converter


class WordConverter:
    """The slug of an owner, or the name of an algorithm: anything else cannot exist."""

    regex = "[A-Za-z][A-Za-z0-9_]{0,63}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(WordConverter, "word")
