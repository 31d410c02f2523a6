"""A small store on the live server, and the platform's account for what needs a whole platform."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from playwright.sync_api import Page

from marketplace.algorithms.models import Version
from tests.factories.calls import record_history
from tests.factories.catalogue import make_algorithm, make_version
from tests.factories.people import make_user
from tests.platform import RunningPlatform

ALGORITHMS: list[tuple[str, str, str, list[str], str]] = [
    ("ada", "deblur", "Sharpens a photograph that was taken with a shaking hand.", ["image", "photo"], "python3"),
    ("ada", "palette", "The six colours that a picture is made of.", ["image", "color"], "javascript"),
    ("ada", "a_name_that_is_as_long_as_names_may_be_and_has_many_words_in_it", "Long.", ["image"], "python3"),
    ("grace", "summarize", "Three sentences that say what a page says.", ["text", "nlp"], "python3"),
    ("grace", "translate", "German to English.", ["text"], "javascript"),
]
README = """# How

Give it a **picture**.

```python
answer = call(1)  # one
```

| field | what |
| - | - |
| `a` | b |
"""


@pytest.fixture
def store(live_server: Any) -> Iterator[str]:
    """The address of a store with ALGORITHMS."""
    cache.clear()
    people = {owner: make_user(owner) for owner in ("ada", "grace")}
    for owner, name, summary, tags, environment in ALGORITHMS:
        algorithm = make_algorithm(
            name, by=people[owner], summary=summary, tags=tags, environment=environment, readme=README
        )
        make_version(algorithm, sample_input='{"text": "The square is open."}', release_notes="The first.")
    record_history(Version.objects.get(algorithm__name="deblur"), busiest_day=3, run_us=250_000)
    yield str(live_server)
    cache.clear()


@pytest.fixture
def signed_in(page: Page, platform: RunningPlatform) -> Callable[[str], Page]:
    """Signs the platform's account in by the form, and opens a page of the platform."""

    def open_page(path: str) -> Page:
        page.goto(f"{platform.address}/accounts/login/?next={path}")
        page.locator("input[name=login]").fill(platform.demo_username)
        page.locator("input[name=password]").fill(platform.demo_password)
        page.locator("input[name=password]").press("Enter")
        page.wait_for_url(f"{platform.address}{path}")
        return page

    return open_page
