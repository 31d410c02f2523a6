"""What can go wrong in billing, and who must act.

BillingError
├── MeterUnavailable    us: Redis did not take a meter event in time, so the call must not be answered as a success
├── PriceConflict       the author: this version already has another price from that moment on
├── InvalidAmount       the caller of this package: an amount is not a positive whole number of micro-credits
├── PaymentsDisabled    the operator: no Stripe key is set, so that no money comes in or goes out
├── StripeUnavailable   us: Stripe did not answer, or not for us; whatever was asked may be asked again
├── StripeRefused       who asked: Stripe understood and refused, and nothing moved
│   └── PaymentRefused  the payer: the card was declined, or its owner must confirm
├── ForgedEvent         whoever sent it: an event without Stripe's signature
└── NotPossible         who asked: not now, for the reason that the message gives
"""


class BillingError(Exception):
    """Base of every error that billing raises on purpose."""


class MeterUnavailable(BillingError):
    """The meter could not be written within the writer's patience. Operators must act; the customer may retry."""


class PriceConflict(BillingError):
    """A price that takes effect no later than one already announced. The author chooses a later moment."""


class InvalidAmount(BillingError):
    """An amount of money that is not a positive integer of micro-credits. A fault of the calling code."""


class PaymentsDisabled(BillingError):
    """This platform has no Stripe key: it runs on granted credits."""


class StripeUnavailable(BillingError):
    """Stripe did not answer as it should: what was asked may have happened, and is asked again later."""


class StripeRefused(BillingError):
    """Stripe understood and refused: nothing moved. The message is Stripe's."""


class PaymentRefused(StripeRefused):
    """The payer's bank refused. The message is for the payer."""


class ForgedEvent(BillingError):
    """An event that does not carry Stripe's signature, or carries an old one."""


class NotPossible(BillingError):
    """What is asked contradicts how things stand; the message says why, for the person who asked."""
