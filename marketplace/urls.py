"""Every address but /v1/algo, which the gateway answers before Django sees it."""

from django.contrib import admin
from django.urls import include, path

handler404 = "marketplace.web.middleware.answer_unknown"
urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("marketplace.web.account_urls")),
    path("", include("marketplace.api.urls")),
    path("", include("marketplace.web.urls")),
]
