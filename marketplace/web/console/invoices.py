"""Invoices of organizations on terms: the list, each with its lines, and as PDF."""

from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from marketplace.organizations.selectors import AccessibleOrganization
from marketplace.payments.selectors import get_invoice, list_invoices
from marketplace.web.console.page import organization_page, render_page

INVOICES_PER_PAGE = 25


@require_GET
@organization_page
def invoices(request: HttpRequest, scope: AccessibleOrganization) -> HttpResponse:
    """The list of them."""
    page = Paginator(list_invoices(scope=scope), INVOICES_PER_PAGE).get_page(request.GET.get("page"))
    return render_page(request, scope, "console/invoices.html", "payments", {"page": page})


@require_GET
@organization_page
def invoice(request: HttpRequest, scope: AccessibleOrganization, invoice_id: UUID) -> HttpResponse:
    """One of them, itemised by algorithm and member."""
    found = get_invoice(scope=scope, invoice_id=invoice_id)
    context = {"invoice": found, "lines": list(found.lines.all())}
    return render_page(request, scope, "console/invoice.html", "payments", context)


@require_GET
@organization_page
def invoice_pdf(request: HttpRequest, scope: AccessibleOrganization, invoice_id: UUID) -> HttpResponse:  # noqa: ARG001 (a view)
    """The same, to file away."""
    from marketplace.web.console.invoice_pdf import draw_invoice  # noqa: PLC0415 - the library takes long to load

    found = get_invoice(scope=scope, invoice_id=invoice_id)
    headers = {"Content-Disposition": f'attachment; filename="agora-{found.number}.pdf"'}
    return HttpResponse(draw_invoice(found), content_type="application/pdf", headers=headers)
