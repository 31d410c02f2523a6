"""The operator's monitor; an organization's is in its console."""

from django.urls import path

from marketplace.web.monitor import pages

app_name = "monitor"

urlpatterns = [
    path("monitor", pages.platform_monitor, name="platform"),
    path("monitor/calls/<uuid:call_id>/end", pages.end_platform_call, name="end-call"),
    path("monitor/nodes/<str:node>/slots/<int:slot_id>/end", pages.end_platform_slot, name="end-slot"),
    path("monitor/nodes/<str:node>/drain", pages.drain_node, {"draining": True}, name="drain"),
    path("monitor/nodes/<str:node>/resume", pages.drain_node, {"draining": False}, name="resume"),
]
