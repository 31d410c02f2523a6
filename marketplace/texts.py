"""What PostgreSQL cannot keep of the texts that people send."""

from marketplace.errors import InvalidInput


def check_storable(field: str, text: str) -> None:
    """Raises InvalidInput for a null character and for half of a surrogate pair, which JSON can carry."""
    if "\0" in text or not _is_unicode(text):
        raise InvalidInput(field, "The text holds a character that cannot be kept, such as a null character.")


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
