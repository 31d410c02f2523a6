"""Fonts that write names in PDFs: Latin, Greek and Cyrillic by the font we embed, East Asian by the reader's."""

import re
from xml.sax.saxutils import escape

from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfmetrics import registerFont, registerFontFamily
from reportlab.pdfbase.ttfonts import TTFont
from ttf_opensans import OPENSANS_BOLD, OPENSANS_REGULAR

REGULAR, BOLD = "OpenSans", "OpenSans-Bold"
EAST_ASIAN = (
    (re.compile("[\u1100-\u11ff\uac00-\ud7a3]+"), "HYSMyeongJo-Medium"),
    (re.compile("[\u3040-\u30ff]+"), "HeiseiMin-W3"),
    (re.compile("[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]+"), "STSong-Light"),
)
"""Which characters and the font that every reader of PDFs has, or can be given, for them."""


def mark_up(text: str) -> str:
    """The text for a Paragraph whose font is REGULAR or BOLD, each part in a font that has it."""
    marked = escape(text)
    for characters, font in EAST_ASIAN:
        marked = characters.sub(lambda found, font=font: f'<font name="{font}">{found[0]}</font>', marked)  # type: ignore[misc]
    return marked


def _register() -> None:
    registerFont(TTFont(REGULAR, OPENSANS_REGULAR.path))
    registerFont(TTFont(BOLD, OPENSANS_BOLD.path))
    registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR, boldItalic=BOLD)
    for _, font in EAST_ASIAN:
        registerFont(UnicodeCIDFont(font))


_register()
