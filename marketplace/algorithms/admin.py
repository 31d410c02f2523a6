"""What those who run the platform see and set of the catalogue."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.forms import ModelForm
from django.http import HttpRequest

from marketplace.algorithms.environments import set_environment_status
from marketplace.algorithms.models import EnvironmentStanding
from marketplace.errors import InvalidInput


class StandingForm(ModelForm):
    """Refuses what the service would refuse of the fields together."""

    def clean(self) -> dict[str, Any]:
        """Raises ValidationError."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("ends_at") and cleaned.get("status") != "retired":
            raise ValidationError({"ends_at": "Only the versions of a retired environment end."})
        return cleaned


@admin.register(EnvironmentStanding)
class EnvironmentStandingAdmin(admin.ModelAdmin):
    """How the environments stand."""

    form = StandingForm
    list_display = ("environment", "status", "instead", "ends_at", "toolchain_version")
    list_filter = ("status",)
    fields = ("environment", "toolchain_version", "status", "message", "instead", "ends_at")
    readonly_fields = ("environment", "toolchain_version")

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        return False

    def save_model(self, request: HttpRequest, obj: EnvironmentStanding, form: Any, change: bool) -> None:  # noqa: ARG002
        """By the service, which checks, notes who did it, and tells the gateways."""
        try:
            set_environment_status(
                environment_id=obj.pk,
                status=obj.status,
                by=request.user,
                message=obj.message,
                instead=obj.instead,
                ends_at=obj.ends_at,
            )
        except InvalidInput as error:
            self.message_user(request, f"Not changed: {error.message}", level="ERROR")
