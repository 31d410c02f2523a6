"""Algorithms by their id: the same views, which know owner and name only."""

import uuid
from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.views import APIView

from marketplace.algorithms.selectors import find_algorithm_name

NOBODY = ("-", "-")
"""No owner and no algorithm is called so: the view says of it what it says of what is not there."""


def by_id(view: type[APIView]) -> Callable[..., HttpResponseBase]:
    """Answers for `algorithm_id` what the view answers for its owner and name, to those who may know of it."""
    answer = view.as_view()

    @wraps(answer)
    def answer_by_id(request: HttpRequest, algorithm_id: uuid.UUID, **rest: object) -> HttpResponseBase:
        owner, name = find_algorithm_name(algorithm_id) or NOBODY
        return answer(request, owner=owner, name=name, **rest)

    return answer_by_id
