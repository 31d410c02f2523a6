"""What a first visit loads, packed as it is sent."""

import re
from pathlib import Path
from typing import Any

from django.conf import settings
from django.test import Client

from marketplace.algorithms.models import Version

LIMIT = 100 * 1024
DIST = settings.REPOSITORY / "frontend" / "dist"


def test_the_first_pages_are_light(deblur: Version, settings: Any) -> None:
    settings.PAGE_CACHE_SECONDS = 1
    for address in ("/", "/algorithms/alice/deblur"):
        page = Client().get(address, headers={"Accept-Encoding": "gzip"})
        names = set(re.findall(r'/static/(assets/[^"]+)', Client().get(address).content.decode()))
        assert len(names) >= 3, "styles, script and font"
        assert len(page.content) + sum(packed_size(DIST / name) for name in names) < LIMIT, address


def packed_size(path: Path) -> int:
    """The build packs what can be; a font is packed as it is."""
    packed = path.with_name(f"{path.name}.br")
    return (packed if packed.exists() else path).stat().st_size
