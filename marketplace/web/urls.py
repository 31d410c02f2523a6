"""The pages, one module of addresses per area."""

from django.urls import include, path

urlpatterns = [
    path("", include("marketplace.web.invitations")),
    path("", include("marketplace.web.store.urls")),
    path("", include("marketplace.web.console.urls")),
    path("", include("marketplace.web.operator.urls")),
    path("", include("marketplace.web.monitor.urls")),
    path("", include("marketplace.web.workspace.urls")),
]
