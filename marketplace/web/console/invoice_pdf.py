"""An invoice as PDF."""

from datetime import timedelta
from io import BytesIO
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.lib.units import mm
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from billing.api import Invoice
from marketplace.web.figures import format_cents, format_credits

STYLES = getSampleStyleSheet()
COLUMNS = (78 * mm, 38 * mm, 22 * mm, 36 * mm)
LINES = TableStyle(
    [
        ("FONT", (0, 0), (-1, 0), "Helvetica-Bold"),
        ("FONTSIZE", (0, 0), (-1, -1), 9),
        ("ALIGN", (2, 0), (-1, -1), "RIGHT"),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 0), (-1, 0), 0.6, colors.black),
        ("LINEABOVE", (0, -1), (-1, -1), 0.6, colors.black),
        ("FONT", (0, -1), (-1, -1), "Helvetica-Bold"),
    ]
)


def draw_invoice(invoice: Invoice) -> bytes:
    """The document's bytes."""
    paper = BytesIO()
    margin = 18 * mm
    document = SimpleDocTemplate(
        paper, pagesize=A4, leftMargin=margin, rightMargin=margin, topMargin=margin, bottomMargin=margin,
        title=f"Invoice {invoice.number}", author="Agora", invariant=1,
    )  # fmt: skip
    table = Table(_make_rows(invoice), COLUMNS, repeatRows=1, style=LINES)
    document.build([*_make_head(invoice), Spacer(1, 8 * mm), table])
    return paper.getvalue()


def _make_head(invoice: Invoice) -> list[Paragraph]:
    last = invoice.period_end - timedelta(days=1)
    facts = [
        f"To: {invoice.buyer}",
        f"Tax number: {invoice.tax_id}" if invoice.tax_id else "",
        f"Issued: {invoice.issued_at:%d %B %Y}",
        f"Due: {invoice.due_at:%d %B %Y}",
        f"For calls from {invoice.period_start:%d %B %Y} to {last:%d %B %Y} (UTC)",
        f"State: {invoice.state}",
    ]
    title = Paragraph(f"Agora: invoice {invoice.number}", STYLES["Title"])
    return [title, *(Paragraph(escape(fact), STYLES["Normal"]) for fact in facts if fact)]


def _make_rows(invoice: Invoice) -> list[list[object]]:
    rows: list[list[object]] = [["Algorithm", "Member", "Calls", "Credits"]]
    for line in invoice.lines.all():
        name = Paragraph(escape(line.algorithm or line.note), STYLES["BodyText"])
        member = Paragraph(escape(line.member), STYLES["BodyText"])
        rows.append([name, member, f"{line.calls:,}" if line.calls else "", format_credits(line.amount)])
    return [*rows, ["To pay", "", "", format_cents(invoice.amount_cents)]]
