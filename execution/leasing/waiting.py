"""Who waits for a slot, and whose turn is next. Pure."""

from collections import OrderedDict
from typing import Generic, TypeVar

ItemT = TypeVar("ItemT")


class FairQueue(Generic[ItemT]):
    """Callers take turns, each with its oldest item: one caller's thousand calls do not hold up another's one.

    Items are hashable and differ from each other. Nothing here depends on how many there are.
    """

    def __init__(self) -> None:
        self._callers: OrderedDict[str, OrderedDict[ItemT, None]] = OrderedDict()
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def add(self, caller: str, item: ItemT) -> None:
        """Puts the item behind the others of the same caller."""
        self._callers.setdefault(caller, OrderedDict())[item] = None
        self._length += 1

    def take(self) -> ItemT:
        """The next item, removed. Raises IndexError when nobody waits."""
        if not self._callers:
            raise IndexError("nobody waits")
        caller, items = self._callers.popitem(last=False)
        item, _ = items.popitem(last=False)
        if items:
            self._callers[caller] = items
        self._length -= 1
        return item

    def remove(self, caller: str, item: ItemT) -> None:
        """Takes out an item that gave up; nothing happens if it was taken."""
        items = self._callers.get(caller)
        if items is None or item not in items:
            return
        del items[item]
        self._length -= 1
        if not items:
            del self._callers[caller]
