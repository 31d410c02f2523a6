"""What every live page's connection has in common: who it is for, and how it says that it is not."""

import asyncio
import logging
from collections import Counter
from contextlib import suppress
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.db import InterfaceError, OperationalError
from redis import RedisError

from marketplace.accounts.models import User
from marketplace.errors import NotFound, PermissionDenied
from marketplace.organizations.selectors import AccessibleOrganization, get_accessible_organization
from marketplace.sign_on.policy import check_let_in
from marketplace.web.live.origins import Application
from marketplace.web.sessions import list_signed_on

SIGN_IN, FORBIDDEN, UNKNOWN, TOO_MANY, SAID_SOMETHING = 4401, 4403, 4404, 4429, 4400
"""Codes with which a connection is closed for good: scripts open it again after any other."""
TRY_AGAIN = 1013
"""RFC 6455's registry: the server is overloaded, or what it needs is away."""
AWAY = (RedisError, OperationalError, InterfaceError)
MOST_PER_PERSON = 20

logger = logging.getLogger(__name__)


class LiveConsumer(AsyncJsonWebsocketConsumer):
    """A connection that tells and does not listen. Subclasses say which group's notices it hears, and what it tells.

    It keeps nothing but how far it has told. A notice says only that there is something to read.
    """

    look_seconds = 5.0
    """A notice may be lost with Redis: so often it is looked without one, and whether the person still may see it."""
    open_by_person: Counter[int] = Counter()
    user: User
    closed = False
    _telling: asyncio.Task[None] | None = None

    @property
    def session(self) -> Any:
        """Of the browser."""
        return self.scope["session"]

    def find_organization(self) -> AccessibleOrganization:
        """The one that the address names. Raises NotFound, NotLetIn."""
        found = get_accessible_organization(user=self.user, slug=self.scope["url_route"]["kwargs"]["slug"])
        check_let_in(found, signed_on=list_signed_on(self))
        return found

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serves the connection. However it ends, its place is free again and nothing is told any more."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._leave()

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
        if self.channel_layer is not None:
            await self.channel_layer.group_discard(self.group(), self.channel_name)

    def _leave(self) -> None:
        telling, self._telling = self._telling, None
        if telling is None:
            return
        telling.cancel()
        self.open_by_person[self.user.id] -= 1
        if not self.open_by_person[self.user.id]:
            del self.open_by_person[self.user.id]

    async def close(self, code: int | bool | None = None, reason: str | None = None) -> None:
        """Closes once: what the other side still says, and what there was to tell, may both want to."""
        if not self.closed:
            self.closed = True
            with suppress(OSError):  # they may have left
                await super().close(code, reason)

    async def receive(self, *_: Any, **__: Any) -> None:
        self._leave()
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
        except AWAY as error:
            logger.warning("a database does not answer a live page, which will ask again: %s", error)
            await self.close(TRY_AGAIN)
        except OSError:
            return  # they have left

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


def patient(application: Application) -> Application:
    """`application`; whoever comes while Redis or PostgreSQL is away is asked to come again."""

    async def served(scope: Any, receive: Any, send: Any) -> None:
        try:
            await application(scope, receive, send)
        except AWAY as error:
            logger.warning("a database does not answer a live page, which will ask again: %s", error)
            with suppress(OSError, RuntimeError):  # they may have left, or been told already
                await send({"type": "websocket.close", "code": TRY_AGAIN})

    return served
