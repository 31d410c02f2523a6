"""What can go wrong in billing, and who must act.

BillingError
├── MeterUnavailable    us: Redis did not take a meter event in time, so the call must not be answered as a success
├── PriceConflict       the author: this version already has another price from that moment on
└── InvalidAmount       the caller of this package: an amount is not a positive whole number of micro-credits
"""


class BillingError(Exception):
    """Base of every error that billing raises on purpose."""


class MeterUnavailable(BillingError):
    """The meter could not be written within the writer's patience. Operators must act; the customer may retry."""


class PriceConflict(BillingError):
    """A price that takes effect no later than one already announced. The author chooses a later moment."""


class InvalidAmount(BillingError):
    """An amount of money that is not a positive integer of micro-credits. A fault of the calling code."""
