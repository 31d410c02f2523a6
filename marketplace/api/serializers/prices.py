"""Prices of versions, and quotes of calls. Amounts are micro-credits, millionths of a credit."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from marketplace.algorithms.pricing import LARGEST_FREE_CALLS, LARGEST_ROYALTY, AuthorPrice
from marketplace.invocations.quotes import Quote

LONGEST_CALL_SECONDS = 3_000
TERMS = ("royalty_per_call", "royalty_per_second", "free_calls_per_month", "free_to_owner")


def to_price(validated: Mapping[str, Any], *, usual_royalty: int = 0) -> AuthorPrice:
    """The validated terms; the royalty for a call is the usual one where none is named."""
    given = {name: validated[name] for name in TERMS if name in validated}
    return AuthorPrice(**{"royalty_per_call": usual_royalty, **given})


class PriceTermsSerializer(serializers.Serializer):
    """What an author may say about a price beside the royalty for a call."""

    royalty_microcredits_per_second = serializers.IntegerField(
        source="royalty_per_second", min_value=0, max_value=LARGEST_ROYALTY, default=0
    )
    free_calls_per_month = serializers.IntegerField(
        min_value=0,
        max_value=LARGEST_FREE_CALLS,
        default=0,
        help_text="Calls without royalty, for each organization in each UTC month.",
    )
    free_to_owner = serializers.BooleanField(
        default=False, help_text="Whether the organization that owns the algorithm owes no royalty."
    )


class AuthorPriceSerializer(PriceTermsSerializer):
    """What the author asks for a call, on top of compute."""

    royalty_microcredits = serializers.IntegerField(
        source="royalty_per_call", min_value=0, max_value=LARGEST_ROYALTY, default=0
    )


class NewPriceSerializer(AuthorPriceSerializer):
    """A price to announce."""

    effective_at = serializers.DateTimeField(
        required=False, help_text="When it takes effect. As early as may be, if nothing is said."
    )


class PriceSerializer(AuthorPriceSerializer):
    """What calls of a version cost from `effective_at` on."""

    compute_microcredits_per_second = serializers.IntegerField(source="compute_per_second")
    effective_at = serializers.DateTimeField(allow_null=True, help_text="Null for the platform's default price.")


class QuoteRequestSerializer(serializers.Serializer):
    """The call that is thought of."""

    version = serializers.CharField(default="", allow_blank=True, max_length=64, help_text="The newest, if empty.")
    run_seconds = serializers.FloatField(
        required=False,
        min_value=0,
        max_value=LONGEST_CALL_SECONDS,
        help_text="How long it runs. If nothing is said, the median of the algorithm's calls.",
    )


class QuoteSerializer(serializers.Serializer):
    """What the call costs."""

    version = serializers.CharField(source="version.number")
    price = PriceSerializer(source="terms")
    next_price = PriceSerializer(source="next_terms", allow_null=True, help_text="The next one announced.")
    run_seconds = serializers.SerializerMethodField()
    compute_microcredits = serializers.IntegerField(source="charge.compute", allow_null=True, default=None)
    royalty_microcredits = serializers.IntegerField(source="charge.royalty", allow_null=True, default=None)
    cost_microcredits = serializers.IntegerField(
        source="cost", allow_null=True, help_text="Null while no call of the algorithm was timed."
    )
    waiver = serializers.ChoiceField(
        ("owner", "free_call"), allow_null=True, help_text="Why no royalty is owed, if none is."
    )
    free_calls_left = serializers.IntegerField(allow_null=True, help_text="Of this month; null where there are none.")

    def get_run_seconds(self, quote: Quote) -> float | None:
        return None if quote.run_us is None else quote.run_us / 1e6
