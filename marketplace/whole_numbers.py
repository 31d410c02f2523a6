"""Whole numbers in what people send. Pure."""

MOST_DIGITS = 9


def read_whole_number(text: str, *, least: int, most: int) -> int | None:
    """The number, or None for what is none from `least` to `most`, or has more than MOST_DIGITS digits, zeros or not.

    The length comes first: a cut text would pass with zeros before a number that is far too large.
    """
    if not (len(text) <= MOST_DIGITS and text.isascii() and text.isdigit()):
        return None
    number = int(text)
    return number if least <= number <= most else None
