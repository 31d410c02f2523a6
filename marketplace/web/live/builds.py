"""The log and state of one build, from wherever the page has it to the end."""

from typing import Any
from urllib.parse import parse_qs

from marketplace.algorithms.build_log import notices_of, read_log_part
from marketplace.web.live.consumer import LiveConsumer


class BuildConsumer(LiveConsumer):
    """`?from=N&attempt=A`: what the page has of which attempt's log.

    Messages are LogPart objects: a part that does not start where the page's log ends replaces all of it.
    """

    def group(self) -> str:
        return notices_of(self._build_id())

    def read_next(self) -> dict[str, Any] | None:
        """What is new in log or state. Raises NotFound, NotLetIn."""
        scope = self.find_organization()
        if not hasattr(self, "told"):
            self.told = {"end": self._number("from"), "attempt": self._number("attempt"), "state": ""}
        part = read_log_part(
            scope=scope, build_id=self._build_id(), start=self.told["end"], attempt=self.told["attempt"]
        )
        told = {"end": part["end"], "attempt": part["attempt"], "state": part["state"], "place": part["place"]}
        if told == self.told:
            return None
        self.told = told
        self.finished = part["over"]
        return part

    def is_over(self) -> bool:
        return getattr(self, "finished", False)

    def _part(self, name: str) -> Any:
        return self.scope["url_route"]["kwargs"][name]

    def _build_id(self) -> Any:
        return self._part("build_id")

    def _number(self, name: str) -> int:
        text = parse_qs(self.scope["query_string"].decode("latin-1")).get(name, ["0"])[0]
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
