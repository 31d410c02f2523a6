"""An invoice as PDF."""

from datetime import timedelta
from io import BytesIO

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.lib.units import mm
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from billing.api import Invoice
from marketplace.web.console.pdf_fonts import BOLD, REGULAR, mark_up
from marketplace.web.figures import format_cents, format_credits

STYLES = getSampleStyleSheet()
for _name, _font in (("Title", BOLD), ("Normal", REGULAR), ("BodyText", REGULAR)):
    STYLES[_name].fontName = _font
COLUMNS = (78 * mm, 38 * mm, 22 * mm, 36 * mm)
LINES = TableStyle(
    [
        ("FONT", (0, 0), (-1, 0), BOLD),
        ("FONT", (0, 1), (-1, -2), REGULAR),
        ("FONTSIZE", (0, 0), (-1, -1), 9),
        ("ALIGN", (2, 0), (-1, -1), "RIGHT"),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 0), (-1, 0), 0.6, colors.black),
        ("LINEABOVE", (0, -1), (-1, -1), 0.6, colors.black),
        ("FONT", (0, -1), (-1, -1), BOLD),
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
    return [title, *(Paragraph(mark_up(fact), STYLES["Normal"]) for fact in facts if fact)]


def _make_rows(invoice: Invoice) -> list[list[object]]:
    rows: list[list[object]] = [["Algorithm", "Member", "Calls", "Credits"]]
    for line in invoice.lines.all():
        name = Paragraph(mark_up(line.algorithm or line.note), STYLES["BodyText"])
        member = Paragraph(mark_up(line.member), STYLES["BodyText"])
        rows.append([name, member, f"{line.calls:,}" if line.calls else "", format_credits(line.amount)])
    return [*rows, ["To pay", "", "", format_cents(invoice.amount_cents)]]
