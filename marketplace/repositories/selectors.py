"""Reads of what was pushed."""

from collections.abc import Collection

from marketplace.algorithms.models import Algorithm
from marketplace.repositories.models import Push


def find_push(*, algorithm: Algorithm, commit: str) -> Push | None:
    """The last time that this commit came."""
    return find_pushes(algorithm=algorithm, commits=[commit]).get(commit)


def find_pushes(*, algorithm: Algorithm, commits: Collection[str]) -> dict[str, Push]:
    """Of each of these commits the last time that it came, with its build and version."""
    pushes = Push.objects.filter(algorithm=algorithm, commit__in=commits).select_related("build", "version")
    return {push.commit: push for push in pushes.order_by("pushed_at")}
