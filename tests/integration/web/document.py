"""A page as a browser would take it apart, with just enough of it to ask questions."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "path", "rect", "source", "use", "wbr"}


@dataclass
class Element:
    """`inside` is the tags around it, outermost first; `text` is all the text within it."""

    tag: str
    attributes: dict[str, str]
    inside: tuple[str, ...]
    text: str = ""
    within: "Element | None" = field(default=None, repr=False)


class Document(HTMLParser):
    """The elements of an answer, in order. A tag that is closed out of turn, or never, is an error."""

    def __init__(self, response: Any) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(response.content.decode())
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> has an attribute twice: {names}"
        attributes = {name: value or "" for name, value in attrs}
        around = self._open[-1] if self._open else None
        element = Element(tag, attributes, tuple(each.tag for each in self._open), within=around)
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._open, f"</{tag}> closes nothing"
            assert self._open.pop().tag == tag, f"</{tag}> is out of turn"

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def find(self, tag: str, **attributes: str) -> list[Element]:
        """Elements of that tag whose attributes have these values; `class_` and `for_` stand for class and for."""
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [
            element
            for element in self.elements
            if element.tag == tag
            and all(
                value in element.attributes.get(name, "").split()
                if name == "class"
                else element.attributes.get(name) == value
                for name, value in wanted.items()
            )
        ]

    def links(self) -> list[str]:
        """Where the page's links lead."""
        return [element.attributes["href"] for element in self.find("a") if "href" in element.attributes]

    def around(self, element: Element) -> Iterator[Element]:
        """The elements around one, innermost first."""
        while element.within is not None:
            element = element.within
            yield element
