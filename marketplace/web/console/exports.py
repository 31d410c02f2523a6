"""Payments, payouts and invoices' lines as CSV, for the bookkeeping of others."""

import csv
from collections.abc import Iterable, Iterator
from uuid import UUID

from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_GET

from marketplace.organizations.selectors import AccessibleOrganization
from marketplace.payments.selectors import get_invoice, list_payments, list_payouts
from marketplace.web.console.page import organization_page

PAYMENT_COLUMNS = (
    "id", "created_at", "paid_at", "kind", "state", "amount_cents", "refunded_cents", "disputed_cents", "failure",
)  # fmt: skip
PAYOUT_COLUMNS = ("id", "created_at", "settled_at", "state", "amount_cents", "returned_cents", "failure")
LINE_COLUMNS = ("algorithm", "member", "note", "calls", "amount")


class Echo:
    """What csv writes to: each row is answered at once, so that none is kept."""

    def write(self, text: str) -> str:
        return text


@require_GET
@organization_page
def payments_csv(request: HttpRequest, scope: AccessibleOrganization) -> HttpResponseBase:  # noqa: ARG001 (a view)
    """Every payment, newest first. Amounts are US cents."""
    rows = list_payments(scope=scope).values_list(*PAYMENT_COLUMNS)
    return write_csv("payments", PAYMENT_COLUMNS, rows.iterator())


@require_GET
@organization_page
def payouts_csv(request: HttpRequest, scope: AccessibleOrganization) -> HttpResponseBase:  # noqa: ARG001 (a view)
    """Every payout, newest first. Amounts are US cents."""
    return write_csv("payouts", PAYOUT_COLUMNS, list_payouts(scope=scope).values_list(*PAYOUT_COLUMNS).iterator())


@require_GET
@organization_page
def invoice_csv(request: HttpRequest, scope: AccessibleOrganization, invoice_id: UUID) -> HttpResponseBase:  # noqa: ARG001 (a view)
    """An invoice's lines. Amounts are micro-credits."""
    found = get_invoice(scope=scope, invoice_id=invoice_id)
    columns = (*LINE_COLUMNS[:-1], "amount_microcredits")
    return write_csv(f"invoice-{found.number}", columns, found.lines.values_list(*LINE_COLUMNS))


def write_csv(name: str, columns: Iterable[str], rows: Iterable[tuple[object, ...]]) -> StreamingHttpResponse:
    """The rows as a file of that name, written as they are read."""
    headers = {"Content-Disposition": f'attachment; filename="agora-{name}.csv"'}
    return StreamingHttpResponse(_write_rows(columns, rows), content_type="text/csv; charset=utf-8", headers=headers)


def _write_rows(columns: Iterable[str], rows: Iterable[tuple[object, ...]]) -> Iterator[str]:
    writer = csv.writer(Echo())
    yield writer.writerow(columns)
    for row in rows:
        yield writer.writerow([_guard(value) for value in row])


def _guard(value: object) -> str:
    """As text that a spreadsheet takes for text: a cell that begins like a formula would be run."""
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} and not text[1:].isdigit() else text
