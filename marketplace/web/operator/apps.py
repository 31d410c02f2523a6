"""The administration as an application of Django's."""

from django.contrib.admin.apps import AdminConfig


class OperatorConfig(AdminConfig):
    """Django looks here (settings.INSTALLED_APPS)."""

    default_site = "marketplace.web.operator.site.OperatorSite"
