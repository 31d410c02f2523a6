"""Where Stripe is spoken to: the client, and its errors as ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import stripe
from django.conf import settings

from billing.errors import PaymentRefused, PaymentsDisabled, StripeRefused, StripeUnavailable

CURRENCY = "usd"
TIMEOUT_SECONDS = 20
RETRIES = 2
"""Of one request, by the library, with one idempotency key."""


def is_enabled() -> bool:
    """Whether this platform takes payments."""
    return bool(settings.STRIPE_SECRET_KEY)


@contextmanager
def talk() -> Iterator[stripe.StripeClient]:
    """A client of Stripe. Raises PaymentsDisabled, StripeUnavailable, StripeRefused, PaymentRefused."""
    if not is_enabled():
        raise PaymentsDisabled("This platform takes no payments: it runs on granted credits.")
    try:
        yield _connect(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE)
    except stripe.CardError as error:
        raise PaymentRefused(error.user_message or "The card was refused.") from error
    except stripe.InvalidRequestError as error:
        raise StripeRefused(error.user_message or str(error)) from error
    except stripe.StripeError as error:
        raise StripeUnavailable(f"Stripe did not answer as it should: {error}") from error


@cache
def _connect(key: str, base: str) -> stripe.StripeClient:
    return stripe.StripeClient(
        key,
        base_addresses={"api": base},
        max_network_retries=RETRIES,
        http_client=stripe.RequestsClient(timeout=TIMEOUT_SECONDS),
    )
