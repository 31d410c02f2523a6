"""The design system on one page: every token and every component, in each of its states."""

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from marketplace.web.console.charts import make_chart
from marketplace.web.console.page import signed_in_page

COLOURS = [
    "canvas", "surface", "raised", "sunken", "line", "line-strong", "ink", "ink-soft", "ink-faint", "accent",
    "accent-strong", "accent-wash", "money", "money-wash", "good", "good-wash", "bad", "bad-wash",
]  # fmt: skip
SIZES = ["xs", "sm", "md", "lg", "xl", "2xl", "3xl", "4xl"]
BADGES = ["", "accent", "good", "bad"]
BUTTONS = ["", "quiet", "ghost"]
ICONS = [
    "search", "card", "copy", "check", "close", "play", "clock", "pulse", "coin", "lock", "globe", "sun", "moon",
    "menu", "down", "left", "right", "key", "people", "person", "plus", "upload", "alert", "info", "book", "tag",
    "star", "branch", "grid", "box", "exit",
]  # fmt: skip
CODE = 'curl https://agora.example/v1/algo/ada/sort \\\n  -d "[3, 1, 2]"  # as JSON'


class ExampleForm(forms.Form):
    """A field of each kind."""

    name = forms.CharField(label="Name", max_length=20)
    kind = forms.ChoiceField(label="Kind", choices=[("a", "First"), ("b", "Second")])
    text = forms.CharField(label="Text", widget=forms.Textarea)


@require_safe
@signed_in_page
def design(request: HttpRequest) -> HttpResponse:
    """For those who make pages."""
    for level in (messages.SUCCESS, messages.INFO, messages.WARNING, messages.ERROR):
        messages.add_message(request, level, f"A message of {messages.constants.DEFAULT_TAGS[level]}.")
    context = {
        "colours": COLOURS,
        "sizes": SIZES,
        "badges": BADGES,
        "buttons": BUTTONS,
        "icons": ICONS,
        "code": CODE,
        "form": ExampleForm(auto_id="good_%s"),
        "wrong": ExampleForm({"name": "far too long for this field", "kind": "c"}, auto_id="wrong_%s"),
        "page": Paginator(range(90), 10).page(3),
        "chart": make_chart([(f"{day} Nov", day * 7 % 11, day % 3) for day in range(1, 31)]),
    }
    return render(request, "store/design.html", context)
