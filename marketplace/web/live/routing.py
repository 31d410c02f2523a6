"""The WebSockets' addresses. All lie under /live/: the gateway upgrades no other (marketplace/gateway/protocol.py)."""

from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter
from django.urls import path, re_path

from marketplace.web import converters  # noqa: F401 - registers `word`
from marketplace.web.live.builds import BuildConsumer
from marketplace.web.live.consumer import NowhereConsumer, patient
from marketplace.web.live.monitor import OrganizationMonitorConsumer, PlatformMonitorConsumer
from marketplace.web.live.origins import from_our_pages

routes = [
    path("live/builds/<word:slug>/<uuid:build_id>", BuildConsumer.as_asgi()),
    path("live/monitor", PlatformMonitorConsumer.as_asgi()),
    path("live/monitor/<word:slug>", OrganizationMonitorConsumer.as_asgi()),
    re_path("", NowhereConsumer.as_asgi()),
]

live = from_our_pages(patient(AuthMiddlewareStack(URLRouter(routes))))
