"""What every live page's connection has in common: who it is for, and how it says that it is not."""

import asyncio
from collections import Counter
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer

from marketplace.accounts.models import User
from marketplace.errors import NotFound, PermissionDenied

SIGN_IN, FORBIDDEN, UNKNOWN, TOO_MANY, SAID_SOMETHING = 4401, 4403, 4404, 4429, 4400
"""Codes with which a connection is closed for good: scripts open it again after any other."""
MOST_PER_PERSON = 20


class LiveConsumer(AsyncJsonWebsocketConsumer):
    """A connection that tells and does not listen. Subclasses say which group's notices it hears, and what it tells.

    It keeps nothing but how far it has told. A notice says only that there is something to read.
    """

    look_seconds = 5.0
    """A notice may be lost with Redis: so often it is looked without one, and whether the person still may see it."""
    open_by_person: Counter[int] = Counter()
    user: User

    async def connect(self) -> None:
        await self.accept()  # a refusal before it has no code that a script could read
        user = self.scope["user"]
        if not isinstance(user, User):
            await self.close(SIGN_IN)
        elif self.open_by_person[user.id] >= MOST_PER_PERSON:
            await self.close(TOO_MANY)
        else:
            self.user = user
            self.open_by_person[user.id] += 1
            self._changed = asyncio.Event()
            self._telling = asyncio.create_task(self._follow())
            if self.channel_layer is not None:
                await self.channel_layer.group_add(self.group(), self.channel_name)

    async def disconnect(self, code: int) -> None:  # noqa: ARG002 - Channels' signature
        if not hasattr(self, "user"):
            return
        self.open_by_person[self.user.id] -= 1
        if not self.open_by_person[self.user.id]:
            del self.open_by_person[self.user.id]
        self._telling.cancel()
        if self.channel_layer is not None:
            await self.channel_layer.group_discard(self.group(), self.channel_name)

    async def receive(self, *_: Any, **__: Any) -> None:
        await self.close(SAID_SOMETHING)

    async def live_changed(self, _: dict[str, Any]) -> None:
        """A notice of the group."""
        self._changed.set()

    def group(self) -> str:
        """Whose notices it hears."""
        raise NotImplementedError

    def read_next(self) -> dict[str, Any] | None:
        """The next message, or None when all is told. Raises NotFound and PermissionDenied, for good."""
        raise NotImplementedError

    def is_over(self) -> bool:
        """Whether nothing more will come, once all is told."""
        return False

    async def _follow(self) -> None:
        """Until there is nothing more to tell."""
        try:
            while True:
                self._changed.clear()
                await self.tell_all()
                if self.is_over():
                    await self.close()
                    return
                await self._wait()
        except NotFound:
            await self.close(UNKNOWN)
        except PermissionDenied:
            await self.close(FORBIDDEN)

    async def tell_all(self) -> None:
        """Whatever is new."""
        while (message := await database_sync_to_async(self.read_next)()) is not None:
            await self.send_json(message)

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(self.look_seconds):
                await self._changed.wait()
        except TimeoutError:
            return


class NowhereConsumer(AsyncJsonWebsocketConsumer):
    """An address that nothing is at."""

    async def connect(self) -> None:
        await self.accept()
        await self.close(UNKNOWN)
