"""People, organizations and keys as operators see them."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from billing import api as billing
from billing.admin_tables import ReadOnly, in_credits
from marketplace.accounts.models import User
from marketplace.errors import MarketplaceError
from marketplace.organizations.models import ApiKey, Membership, Organization
from marketplace.organizations.suspension import set_suspended


class MembershipsInline(admin.TabularInline):
    """Who belongs to what."""

    model = Membership
    extra = max_num = 0
    can_delete = False
    fields = ("organization", "user", "role")


@admin.register(User)
class UserAdmin(ReadOnly):
    """People, to keep out who does harm."""

    list_display = ("username", "email", "date_joined", "last_login", "is_active", "is_superuser")
    list_filter = ("is_active", "is_superuser")
    search_fields = ("username", "email")
    ordering = ("-date_joined",)
    fields = ("username", "email", "date_joined", "last_login", "is_active", "is_superuser")
    inlines = (MembershipsInline,)
    actions = ("suspend", "restore")

    @admin.action(description="Suspend: they cannot sign in, and their keys stop")
    def suspend(self, request: HttpRequest, people: QuerySet[User]) -> None:
        """Keeps these out."""
        self._set(request, people, suspended=True)

    @admin.action(description="Restore: all is as before")
    def restore(self, request: HttpRequest, people: QuerySet[User]) -> None:
        """Lets these in again."""
        self._set(request, people, suspended=False)

    def _set(self, request: HttpRequest, people: QuerySet[User], *, suspended: bool) -> None:
        assert isinstance(request.user, User)
        for person in people:
            try:
                set_suspended(user=person, suspended=suspended, by=request.user)
            except MarketplaceError as error:
                self.message_user(request, error.message, messages.ERROR)


@admin.register(Organization)
class OrganizationAdmin(ReadOnly):
    """Tenants, with what they hold."""

    list_display = ("slug", "name", "personal", "kind", "members_count", "created_at", "closed_at")
    list_filter = ("personal", "kind", ("closed_at", admin.EmptyFieldListFilter))
    search_fields = ("slug", "name", "email")
    ordering = ("-created_at",)
    fields = ("id", "slug", "name", "kind", "email", "url", "created_at", "closed_at", "balance", "earnings")
    readonly_fields = ("balance", "earnings")
    inlines = (MembershipsInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Organization]:
        """With how many belong to each."""
        return super().get_queryset(request).annotate(people=Count("memberships"))

    @admin.display(description="members", ordering="people")
    def members_count(self, organization: Any) -> int:
        """People."""
        return int(organization.people)

    @admin.display(description="balance, credits")
    def balance(self, organization: Organization) -> str:
        """What it can spend."""
        return in_credits(billing.get_balance(organization.id))

    @admin.display(description="earned and not paid out, credits")
    def earnings(self, organization: Organization) -> str:
        """What its algorithms earned."""
        return in_credits(billing.get_earnings(organization.id))


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnly):
    """Keys, without what they are."""

    list_display = ("name", "organization", "created_by", "created_at", "revoked_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter),)
    search_fields = ("organization__slug", "created_by__username", "name")
    list_select_related = ("organization", "created_by")
    fields = ("id", "name", "organization", "created_by", "created_at", "revoked_at", "expires_at")
    ordering = ("-created_at",)
