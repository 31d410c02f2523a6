"""The lock under which an algorithm, its versions, prices and secrets change."""

from uuid import UUID

from marketplace.algorithms.models import Algorithm
from marketplace.errors import NotFound


def lock_algorithm(algorithm_id: UUID) -> Algorithm:
    """The algorithm as it is now, until the transaction ends. Raises NotFound when it has been deleted meanwhile."""
    rows = Algorithm.objects.select_for_update(of=("self",)).select_related("organization")
    algorithm = rows.filter(pk=algorithm_id).first()
    if algorithm is None:
        raise NotFound("This algorithm has just been deleted.")
    return algorithm
