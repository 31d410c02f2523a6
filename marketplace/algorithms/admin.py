"""What those who run the platform see and set of the catalogue."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import DateTimeField, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from billing.admin_tables import ReadOnly
from marketplace.algorithms.environments import set_environment_status
from marketplace.algorithms.featuring import remove_feature, restore, save_feature, take_down
from marketplace.algorithms.models import Algorithm, EnvironmentStanding, Feature
from marketplace.errors import InvalidInput

MOMENTS = {
    DateTimeField: {
        "form_class": forms.DateTimeField,
        "widget": forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    }
}
"""One field each, with a name: Django's two have none for who cannot see them."""


class AlgorithmField(forms.ModelChoiceField):
    """An algorithm by its name, among thousands."""

    def __init__(self) -> None:
        super().__init__(
            Algorithm.objects.select_related("organization"),
            widget=forms.TextInput(attrs={"size": 40, "placeholder": "owner/name"}),
        )

    def to_python(self, value: Any) -> Algorithm | None:
        """Raises ValidationError."""
        if isinstance(value, Algorithm) or not value:
            return value or None
        owner, _, name = str(value).strip().partition("/")
        found = self.queryset.filter(organization__slug__iexact=owner, name__iexact=name).first()
        if found is None:
            raise ValidationError("There is no such algorithm: write owner/name.")
        return found

    def prepare_value(self, value: Any) -> Any:
        """As it is typed."""
        found = self.queryset.filter(pk=value).first() if isinstance(value, UUID) else None
        return found.full_name if found else value


class FeatureForm(ModelForm):
    """What is featured, and for how long."""

    algorithm = AlgorithmField()

    class Meta:
        help_texts = {"starts_at": "UTC.", "ends_at": "UTC. Empty: until it is removed."}


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
    formfield_overrides = MOMENTS
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


@admin.register(Algorithm)
class AlgorithmAdmin(ReadOnly):
    """The catalogue. A reason takes an algorithm down; without one it is restored."""

    list_display = ("name", "organization", "environment", "public", "taken_down_at", "created_at")
    list_filter = (("taken_down_at", admin.EmptyFieldListFilter), "public", "environment")
    search_fields = ("name", "organization__slug", "summary")
    list_select_related = ("organization",)
    ordering = ("-created_at",)
    fields = (
        "page",
        "id",
        "summary",
        "tags",
        "environment",
        "public",
        "created_at",
        "taken_down_at",
        "taken_down_because",
    )
    readonly_fields = tuple(name for name in fields if name != "taken_down_because")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return bool(request.user.is_superuser)

    @admin.display(description="page")
    def page(self, algorithm: Algorithm) -> str:
        """Where its owner and visitors see it."""
        address = reverse("store:algorithm", args=[algorithm.organization.slug, algorithm.name])
        return format_html('<a href="{}">{}</a>', address, algorithm.full_name)

    def save_model(self, request: HttpRequest, obj: Algorithm, form: Any, change: bool) -> None:  # noqa: ARG002
        """By the services, which note who did it, and tell the gateways."""
        if obj.taken_down_because.strip():
            take_down(algorithm=obj, because=obj.taken_down_because, by=request.user)
        else:
            restore(algorithm=obj, by=request.user)


@admin.register(Feature)
class FeatureAdmin(admin.ModelAdmin):
    """What the first page shows first."""

    list_display = ("algorithm", "place", "why", "starts_at", "ends_at")
    form = FeatureForm
    formfield_overrides = MOMENTS
    list_select_related = ("algorithm__organization",)
    ordering = ("place", "starts_at")
    actions = ("remove",)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """All but Django's own deletion, which would leave no trace."""
        return {name: action for name, action in super().get_actions(request).items() if name != "delete_selected"}

    @admin.action(description="Feature them no more")
    def remove(self, request: HttpRequest, features: QuerySet[Feature]) -> None:
        """Takes these from the first page."""
        for feature in features:
            remove_feature(feature=feature, by=request.user)

    def save_model(self, request: HttpRequest, obj: Feature, form: Any, change: bool) -> None:  # noqa: ARG002
        """By the service, which notes who did it."""
        save_feature(feature=obj, by=request.user)

    def delete_model(self, request: HttpRequest, obj: Feature) -> None:
        """By the service, which notes who did it."""
        remove_feature(feature=obj, by=request.user)
