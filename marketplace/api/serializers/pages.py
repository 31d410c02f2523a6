"""The envelope of lists, for the schema."""

from functools import cache

from rest_framework import serializers


def page_of(row: type[serializers.Serializer]) -> serializers.Serializer:
    """The serializer of a page of `row`s."""
    return _page_class(row)()


@cache
def _page_class(row: type[serializers.Serializer]) -> type[serializers.Serializer]:
    name = row.__name__.removesuffix("Serializer")
    fields = {
        "marker": serializers.CharField(allow_null=True, help_text="Send it as `marker` for the next page."),
        "next_link": serializers.URLField(allow_null=True),
        "results": row(many=True),
    }
    return type(f"{name}PageSerializer", (serializers.Serializer,), fields)


class ProblemSerializer(serializers.Serializer):
    """What went wrong."""

    id = serializers.CharField(help_text="Name it when you report the problem.")
    code = serializers.CharField()
    message = serializers.CharField()


class ProblemField(serializers.Field):
    """A problem; of an algorithm that is not there, the words by which clients know that."""


class ErrorSerializer(serializers.Serializer):
    """The body of every answer that is not a success."""

    error = ProblemField()
