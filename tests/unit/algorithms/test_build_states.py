"""A build moves along the table and no other way."""

import pytest

from marketplace.algorithms.build_states import move_build
from marketplace.algorithms.models import BUILD_TRANSITIONS, BuildState
from tests.factories.catalogue import make_build


def test_the_table_names_every_state() -> None:
    assert set(BUILD_TRANSITIONS) == set(BuildState)


def test_the_first_to_move_wins(db: None) -> None:
    build = make_build(state=BuildState.QUEUED)
    moves = [move_build(build.id, origin=BuildState.QUEUED, target=BuildState.BUILDING) for _ in range(2)]
    assert moves == [True, False]


@pytest.mark.parametrize("origin", BuildState)
@pytest.mark.parametrize("target", BuildState)
def test_only_moves_of_the_table_are_made(db: None, origin: BuildState, target: BuildState) -> None:
    build = make_build(state=origin)
    if target in BUILD_TRANSITIONS[origin]:
        assert move_build(build.id, origin=origin, target=target, artifact="a" * 64)
        build.refresh_from_db()
        assert build.state == target
    else:
        with pytest.raises(ValueError, match="never goes"):
            move_build(build.id, origin=origin, target=target)
