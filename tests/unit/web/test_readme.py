"""READMEs: Markdown is shown, and nothing in it can act."""

import time
from html.parser import HTMLParser

import pytest

from marketplace.web.store.readme import ATTRIBUTES, LONGEST_CHARACTERS, SCHEMES, TAGS, render_readme

ATTACKS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=https://example.com/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<p onclick=alert(1) onmouseover='alert(2)'>press</p>",
    "<a href='javascript:alert(1)'>press</a>",
    "<a href='JaVaScRiPt:alert(1)'>press</a>",
    "<a href='&#106;avascript:alert(1)'>press</a>",
    "<a href='java\tscript:alert(1)'>press</a>",
    "<a href='\x01javascript:alert(1)'>press</a>",
    "<a href='vbscript:x'>press</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>press</a>",
    "[press](javascript:alert(1))",
    "[press](JAVASCRIPT&colon;alert(1))",
    "[press](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "![picture](javascript:alert(1))",
    '![x" onerror="alert(1)](https://example.com/a.png)',
    '![x](https://example.com/"onerror="alert(1))',
    "<javascript:alert(1)>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)><script>alert(1)</script></svg>",
    "<svg><a xlink:href='javascript:alert(1)'><text>press</text></a></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data='data:text/html,x'></object><embed src=x>",
    "<style>body { display: none }</style><link rel=stylesheet href=//example.com>",
    "<p style='position: fixed; inset: 0'>over everything</p>",
    "<p id=content class=hero>like ours</p>",
    "<form action=//example.com><input name=password><button>Sign in</button></form>",
    "<meta http-equiv=refresh content='0;url=//example.com'><base href=//example.com>",
    "<details open ontoggle=alert(1)>x</details>",
    "<!--><script>alert(1)</script-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "```html\n<script>alert(1)</script>\n```",
    "`<script>alert(1)</script>`",
    "> - <b><i><script>alert(1)</script></i></b>",
    "[x]: javascript:alert(1)\n\n[x]",
    "| a |\n| - |\n| <img src=x onerror=alert(1)> |",
    "</div></main><script>alert(1)</script>",
]


class Found(HTMLParser):
    """The elements of a text, with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_can_act(attack: str) -> None:
    for tag, attributes in Found(render_readme(attack)).elements:
        assert tag in TAGS
        assert set(attributes) <= ATTRIBUTES.get(tag, set()) | {"rel"}
        address = attributes.get("href") or ""
        assert ":" not in address or address.split(":")[0] in SCHEMES


def test_what_a_reader_needs_is_kept() -> None:
    text = "*a* **b** ~~c~~ `d`\n\n- e\n\n> f\n\n| g |\n| - |\n| h |\n\n```python\ni = 1\n```\n\n[j](https://example.com)\n"
    rendered = render_readme(text + "\n<details><summary>k</summary>l</details>")
    tags = {tag for tag, _ in Found(rendered).elements}
    assert {"em", "strong", "s", "code", "ul", "blockquote", "table", "pre", "a", "details", "summary"} <= tags
    assert 'class="language-python"' in rendered


def test_links_give_nothing_away() -> None:
    [(_, attributes)] = [
        found for found in Found(render_readme("[a](https://example.com)")).elements if found[0] == "a"
    ]
    assert {"nofollow", "noopener", "noreferrer", "ugc"} == set((attributes["rel"] or "").split())


def test_pictures_become_links_since_nothing_comes_from_other_sites() -> None:
    assert render_readme("![A cat](https://example.com/cat.png)") == (
        '<p><a href="https://example.com/cat.png" rel="nofollow noopener noreferrer ugc">A cat</a></p>\n'
    )
    assert ">picture</a>" in render_readme("![](https://example.com/cat.png)")


def test_headings_stand_below_the_heading_of_the_page() -> None:
    rendered = render_readme("# one\n\n## two\n\n###### six\n\nset\n===\n")
    assert "<h1" not in rendered
    assert "<h2>one</h2>" in rendered
    assert "<h3>two</h3>" in rendered
    assert "<h6>six</h6>" in rendered


def test_comments_vanish() -> None:
    assert "todo" not in render_readme("a <!-- todo --> b")


@pytest.mark.parametrize("piece", ["<div>", "![", "[", "*a **b ", "[a][b", "> ", "|"])
def test_a_long_text_takes_no_long_time(piece: str) -> None:
    started = time.process_time()
    render_readme(piece * 1_000_000)
    assert time.process_time() - started < 10


def test_what_is_too_long_is_cut() -> None:
    assert len(render_readme("a" * (LONGEST_CHARACTERS * 2))) < LONGEST_CHARACTERS + 20


@pytest.mark.parametrize("text", ["", "\n", "\r\n\r\n", "\x00", "# \u202e", "<", "&", "&amp;", "\\"])
def test_odd_texts_are_no_trouble(text: str) -> None:
    assert "<script" not in render_readme(text)
