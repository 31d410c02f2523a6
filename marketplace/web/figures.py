"""Numbers as people read them. Pure."""

from decimal import Context, Decimal

from billing.api import CREDIT

NOTHING = "\N{EN DASH}"
SHOWN_DECIMALS = 4
KIBIBYTE = 1024
TYPICAL_DIGITS = Context(prec=3)


def format_credits(amount: int | None) -> str:
    """Micro-credits as credits: `0`, `1.25`, `12,000`; what is too small to show is `<0.0001`, never zero."""
    if amount is None:
        return NOTHING
    value = Decimal(amount) / CREDIT
    rounded = round(value, SHOWN_DECIMALS)
    if amount and not rounded:
        return f"<{Decimal(1).scaleb(-SHOWN_DECIMALS)}" if amount > 0 else f">-{Decimal(1).scaleb(-SHOWN_DECIMALS)}"
    text = f"{rounded:,.{SHOWN_DECIMALS}f}"
    return text.rstrip("0").rstrip(".")


def round_typical(amount: int) -> int:
    """To three digits, since what is typical is not known better: 3,120,500 becomes 3,120,000."""
    return int(TYPICAL_DIGITS.create_decimal(amount))


def format_compact(count: int | None) -> str:
    """`0`, `999`, `1.2k`, `35k`, `1.4M`."""
    if count is None:
        return NOTHING
    for size, unit in ((1_000_000_000, "B"), (1_000_000, "M"), (1_000, "k")):
        if count >= size:
            return _two_digits(count / size) + unit
    return str(count)


def format_duration(microseconds: int | None) -> str:
    """`420 µs`, `3.1 ms`, `250 ms`, `1.4 s`, `3 min 20 s`."""
    if microseconds is None:
        return NOTHING
    if microseconds < 1_000:
        return f"{microseconds} µs"
    if microseconds < 1_000_000:
        return f"{_two_digits(microseconds / 1_000)} ms"
    seconds = microseconds / 1_000_000
    if seconds < 60:
        return f"{_two_digits(seconds)} s"
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"


def format_bytes(size: int | None) -> str:
    """`512 B`, `1.5 KiB`, `64 MiB`."""
    if size is None:
        return NOTHING
    if size < KIBIBYTE:
        return f"{size} B"
    amount = float(size)
    for unit in ("KiB", "MiB", "GiB", "TiB"):
        amount /= KIBIBYTE
        if amount < KIBIBYTE:
            return f"{_two_digits(amount)} {unit}"
    return f"{amount:.0f} TiB"


def _two_digits(value: float) -> str:
    text = f"{value:.1f}" if value < 10 else f"{value:.0f}"
    return text.removesuffix(".0")
