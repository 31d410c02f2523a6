"""Whose build is next, and what becomes of builds that are cancelled, lost or too many."""

import os
import threading
import time
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.db import connections
from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.algorithms import build_queue, services
from marketplace.algorithms.build_caches import prune_owner_caches, use_owner_cache
from marketplace.algorithms.build_queue import list_next_builds, places_in_queue
from marketplace.algorithms.building import requeue_lost_builds, run_build, run_next_build
from marketplace.algorithms.models import Build, BuildState
from marketplace.algorithms.services import cancel_build, retry_build
from marketplace.audit.models import AuditEvent
from marketplace.errors import Conflict, NotFound, TooMany
from marketplace.worker_locks import worker_lock
from tests.factories.catalogue import make_algorithm, make_build

Queue = Callable[..., list[Build]]


@pytest.fixture
def queue(settings) -> Queue:
    """Queues builds of an algorithm of that person's."""
    settings.BUILDS_PER_OWNER = 2

    def queue(by: User, count: int, state: BuildState = BuildState.QUEUED) -> list[Build]:
        algorithm = make_algorithm(by=by)
        return [make_build(algorithm, by=by, state=state) for _ in range(count)]

    return queue


def test_owners_take_turns(queue: Queue, alice: User, bob: User, charlie: User) -> None:
    hers, his, theirs = queue(alice, 4), queue(bob, 2), queue(charlie, 1)
    fair = [hers[0], his[0], theirs[0], hers[1], his[1], hers[2], hers[3]]
    assert places_in_queue([build.pk for build in fair]) == {build.pk: n for n, build in enumerate(fair, start=1)}
    assert list_next_builds() == [build.pk for build in fair[:5]]


def test_what_is_being_built_counts_as_a_turn(queue: Queue, alice: User, bob: User) -> None:
    algorithm = make_algorithm(by=alice)
    for _ in range(2):
        make_build(algorithm, by=alice, state=BuildState.BUILDING)
    waiting = make_build(algorithm, by=alice, state=BuildState.QUEUED)
    (his,) = queue(bob, 1)
    assert list_next_builds() == [his.pk]
    assert places_in_queue([waiting.pk, his.pk]) == {his.pk: 1, waiting.pk: 2}


def test_a_builder_leaves_alone_what_another_has(queue: Queue, alice: User, transactional_db: None) -> None:
    first, second = queue(alice, 2)
    taken, over = threading.Event(), threading.Event()

    def hold() -> None:
        with worker_lock(f"build:{first.pk}"):
            taken.set()
            over.wait(30)
        connections.close_all()

    other = threading.Thread(target=hold)
    other.start()
    taken.wait(30)
    assert run_next_build()
    over.set()
    other.join()
    assert Build.objects.get(pk=first.pk).state == BuildState.QUEUED
    assert Build.objects.get(pk=second.pk).state == BuildState.FAILED  # its source is no archive


def test_an_owner_may_not_have_too_many_wait(queue: Queue, alice: User, bob: User, monkeypatch) -> None:
    monkeypatch.setattr(services, "MOST_WAITING", 2)
    queue(alice, 2)
    with pytest.raises(TooMany, match="2 builds of alice wait"):
        queue(alice, 1)
    assert queue(bob, 1)


def test_cancelling_ends_it_for_good(queue: Queue, alice: User) -> None:
    (build,) = queue(alice, 1)
    cancelled = cancel_build(build=build, by=alice)
    assert (cancelled.state, cancelled.error) == (BuildState.CANCELLED, "Cancelled by alice.")
    assert list_next_builds() == []
    assert not run_build(build.pk)
    with pytest.raises(Conflict, match="over"):
        cancel_build(build=build, by=alice)
    assert AuditEvent.objects.filter(action="build.cancel", subject_id=str(build.pk)).count() == 1


def test_a_cancelled_one_is_not_finished_by_its_builder(queue: Queue, alice: User) -> None:
    (build,) = queue(alice, 1, state=BuildState.BUILDING)
    cancel_build(build=build, by=alice)
    build.refresh_from_db()
    assert (build.state, build.artifact) == (BuildState.CANCELLED, "")


def test_retrying_is_a_new_build(queue: Queue, alice: User, charlie: User) -> None:
    (failed,) = queue(alice, 1, state=BuildState.FAILED)
    again = retry_build(build=failed, by=alice)
    assert (again.pk != failed.pk, again.state, again.source_hash) == (True, BuildState.QUEUED, failed.source_hash)
    with pytest.raises(Conflict, match="queued"):
        retry_build(build=again, by=alice)
    with pytest.raises(NotFound):
        retry_build(build=failed, by=charlie)


def test_a_build_that_lost_its_builder_is_built_again(queue: Queue, alice: User) -> None:
    (lost,) = queue(alice, 1, state=BuildState.BUILDING)
    now = timezone.now()
    assert requeue_lost_builds(now=now) == []
    assert requeue_lost_builds(now=now + timedelta(minutes=1)) == [lost.pk]
    assert Build.objects.get(pk=lost.pk).state == BuildState.QUEUED
    assert run_next_build()
    lost.refresh_from_db()
    assert (lost.state, lost.attempts) == (BuildState.FAILED, lost.attempts)


def test_lost_messages_are_sent_again(queue: Queue, alice: User) -> None:
    waiting = queue(alice, 3)
    now = timezone.now() + timedelta(minutes=1)
    assert requeue_lost_builds(now=now) == [build.pk for build in waiting[:2]]  # the third has not its turn yet


def test_a_build_that_is_killed_again_and_again_fails(queue: Queue, alice: User) -> None:
    (build,) = queue(alice, 1)
    Build.objects.filter(pk=build.pk).update(attempts=3)
    run_build(build.pk)
    build.refresh_from_db()
    assert build.state == BuildState.FAILED
    assert "killed 3 times" in build.error
    assert not default_storage.exists(f"artifacts/{build.artifact}.tar")


def test_caches_of_owners_who_build_no_more_are_removed(settings, tmp_path) -> None:
    settings.AGORA_HOME = tmp_path
    old, used = uuid.uuid4(), uuid.uuid4()
    long_ago = time.time() - 8 * 24 * 3600
    os.utime(use_owner_cache(old), (long_ago, long_ago))
    kept = use_owner_cache(used)
    assert prune_owner_caches(now=timezone.now()) == 1
    assert list(kept.parent.iterdir()) == [kept]


def test_the_order_is_the_same_whatever_the_page(queue: Queue, alice: User) -> None:
    builds = queue(alice, build_queue.CANDIDATES // 2)
    assert sorted(places_in_queue([build.pk for build in builds]).values()) == list(range(1, len(builds) + 1))
