"""What runs now: a picture each second, for as long as the page is open and its watcher may see it."""

from typing import Any

from channels.db import database_sync_to_async

from marketplace.errors import Unavailable
from marketplace.monitor.selectors import look_at_organization, look_at_platform
from marketplace.monitor.sights import Picture
from marketplace.web.live.consumer import LiveConsumer
from marketplace.web.monitor.picture import render_picture


class _MonitorConsumer(LiveConsumer):
    """Messages are `{"html": ...}`: null while no picture can be had."""

    channel_layer_alias = ""
    """Nobody gives notice of what runs."""
    look_seconds = 1.0
    before: Picture | None = None

    async def tell_all(self) -> None:
        await self.send_json(await database_sync_to_async(self.read_next)())

    def read_next(self) -> dict[str, Any]:
        """The next picture. Raises NotFound and PermissionDenied, for good."""
        try:
            self.before, html = self.draw(self.before)
        except Unavailable:
            return {"html": None}
        return {"html": html}

    def draw(self, before: Picture | None) -> tuple[Picture, str]:
        """Raises NotFound, PermissionDenied, Unavailable."""
        raise NotImplementedError


class PlatformMonitorConsumer(_MonitorConsumer):
    """Everything, for operators."""

    def draw(self, before: Picture | None) -> tuple[Picture, str]:
        self.user.refresh_from_db(fields=["is_superuser"])
        picture = look_at_platform(user=self.user, before=before)
        return picture, render_picture(picture, None)


class OrganizationMonitorConsumer(_MonitorConsumer):
    """An organization's own."""

    def draw(self, before: Picture | None) -> tuple[Picture, str]:
        scope = self.find_organization()
        picture = look_at_organization(scope=scope, before=before)
        return picture, render_picture(picture, scope)
