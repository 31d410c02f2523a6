"""Numbers as people read them. Pure."""

from decimal import Context, Decimal

from billing.api import CREDIT

NOTHING = "\N{EN DASH}"
SHOWN_DECIMALS = 4
SECONDS_PER_MINUTE = 60
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


def format_cents(cents: int) -> str:
    """US cents as dollars: `$12.50`, `-$3.00`."""
    return f"{'-' if cents < 0 else ''}${abs(cents) / 100:,.2f}"


def round_typical(amount: int) -> int:
    """To three digits, since what is typical is not known better: 3,120,500 becomes 3,120,000."""
    return int(TYPICAL_DIGITS.create_decimal(amount))


def format_compact(count: int | None) -> str:
    """`0`, `999`, `1.2k`, `35k`, `1.4M`."""
    return NOTHING if count is None else _scale(count, 1_000, ("", "k", "M", "B"))


def format_duration(microseconds: int | None) -> str:
    """`420 µs`, `3.1 ms`, `250 ms`, `1.4 s`, `3 min 20 s`."""
    if microseconds is None:
        return NOTHING
    seconds = round(microseconds / 1_000_000)
    if seconds < SECONDS_PER_MINUTE:
        return _scale(microseconds, 1_000, (" µs", " ms", " s"))
    return f"{seconds // SECONDS_PER_MINUTE} min {seconds % SECONDS_PER_MINUTE} s"


def format_bytes(size: int | None) -> str:
    """`512 B`, `1.5 KiB`, `64 MiB`."""
    return NOTHING if size is None else _scale(size, 1_024, (" B", " KiB", " MiB", " GiB", " TiB"))


def _scale(value: float, step: int, units: tuple[str, ...]) -> str:
    """In the first unit in which the value, as it is shown, stays below a step; in the last one however large."""
    for unit in units[:-1]:
        if round(value) < step:
            return _two_digits(value) + unit
        value /= step
    return _two_digits(value) + units[-1]


def _two_digits(value: float) -> str:
    text = f"{value:.1f}" if value < 10 else f"{value:.0f}"
    return text.removesuffix(".0")
