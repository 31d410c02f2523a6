"""The ids of calls."""

import uuid

from marketplace.gateway.call import new_call_id


def test_ids_are_uuids_of_version_7_in_the_order_of_time() -> None:
    ids = [new_call_id() for _ in range(1_000)]
    assert all(str(uuid.UUID(each)) == each for each in ids)
    assert {(uuid.UUID(each).int >> 76 & 0xF, uuid.UUID(each).variant) for each in ids} == {(7, uuid.RFC_4122)}
    assert [each[:13] for each in ids] == sorted(each[:13] for each in ids)
    assert len(set(ids)) == 1_000
