"""The audit trail as operators see it: it is append-only."""

from django.contrib import admin

from billing.admin_tables import ReadOnly
from marketplace.audit.models import AuditEvent


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnly):
    """Who did what, of all organizations and of the platform."""

    list_display = ("at", "actor_label", "action", "subject_label", "address", "via")
    list_display_links = ("at", "action")
    search_fields = ("actor_label__iexact", "action__istartswith", "subject_label__icontains", "subject_id")
    date_hierarchy = "at"
    ordering = ("-at", "-id")
    show_full_result_count = False
