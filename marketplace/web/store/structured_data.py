"""What search engines read: JSON-LD, as schema.org names things."""

import json
from collections.abc import Mapping

from django.conf import settings
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from marketplace.algorithms.models import Algorithm, Version

ESCAPES = {ord(">"): "\\u003E", ord("<"): "\\u003C", ord("&"): "\\u0026"}


def describe_store() -> SafeString:
    """The platform, with its search."""
    address = settings.AGORA_ADDRESS
    return _to_tag(
        {
            "@type": "WebSite",
            "name": "Agora",
            "url": f"{address}/",
            "potentialAction": {
                "@type": "SearchAction",
                "target": f"{address}/?q={{words}}",
                "query-input": "required name=words",
            },
        }
    )


def describe_algorithm(algorithm: Algorithm, version: Version | None) -> SafeString:
    """One public algorithm."""
    facts: dict[str, object] = {
        "@type": "SoftwareApplication",
        "name": algorithm.full_name,
        "description": algorithm.summary,
        "url": get_address(algorithm),
        "applicationCategory": "DeveloperApplication",
        "operatingSystem": "Any",
        "keywords": ", ".join(algorithm.tags),
        "dateModified": algorithm.updated_at.isoformat(),
        "author": {"@type": "Organization", "name": algorithm.organization.slug},
    }
    if version:
        facts["softwareVersion"] = version.number
    return _to_tag(facts)


def get_address(algorithm: Algorithm) -> str:
    """The one address of its page, whatever the case of letters it was asked for in."""
    return settings.AGORA_ADDRESS + reverse("store:algorithm", args=[algorithm.organization.slug, algorithm.name])


def _to_tag(facts: Mapping[str, object]) -> SafeString:
    text = json.dumps({"@context": "https://schema.org", **facts}, ensure_ascii=False).translate(ESCAPES)
    return format_html('<script type="application/ld+json">{}</script>', mark_safe(text))  # noqa: S308 - escaped
