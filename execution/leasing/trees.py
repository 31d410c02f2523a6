"""Which slot runs which call: a call that waits for calls of its own holds a slot, and does nothing in it.

Such a slot does not count against the most that its version may have (pool.py). Else a version that calls itself
would wait for ever for a slot that only its own end can free.
"""

from execution.leasing.slot import LeasedSlot


class CallTrees:
    """The running calls that may make calls, by their ids."""

    def __init__(self) -> None:
        self._slots: dict[str, LeasedSlot] = {}

    def begin(self, call_id: str, slot: LeasedSlot) -> None:
        """The slot runs this call from now on."""
        self._slots[call_id] = slot
        slot.call_id = call_id

    def end(self, call_id: str, slot: LeasedSlot) -> None:
        """The call is over, and waits for none of its children any more: they may run on without it."""
        del self._slots[call_id]
        slot.children = set()
        slot.call_id = None

    def children_of(self, parent_id: str | None) -> set[str] | None:
        """Where a child of this call stands while the call waits for it; None for one whose parent does not run."""
        slot = self._slots.get(parent_id) if parent_id else None
        return None if slot is None else slot.children
