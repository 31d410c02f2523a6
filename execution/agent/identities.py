"""Host users for slots. Pure."""

UID_COUNT = 65_536


class Identities:
    """A range of user numbers: none is given out while it is taken, and the one given back last comes last."""

    def __init__(self, first: int, *, count: int = UID_COUNT, start: int = 0) -> None:
        """`start` is how far into the range to begin: agents of one machine that share a range rarely meet."""
        self._first = first
        self._count = count
        self._next = start % count
        self._taken: set[int] = set()

    def take(self) -> int:
        """A number that no slot has. Raises IndexError when all are taken."""
        if len(self._taken) == self._count:
            raise IndexError("all user numbers are taken")
        while (uid := self._first + self._next) in self._taken:
            self._advance()
        self._advance()
        self._taken.add(uid)
        return uid

    def give_back(self, uid: int) -> None:
        """No process of this user is left."""
        self._taken.discard(uid)

    def _advance(self) -> None:
        self._next = (self._next + 1) % self._count
