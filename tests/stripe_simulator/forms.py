"""Stripe's forms: `a[b][0][c]=1` becomes {"a": {"b": [{"c": "1"}]}}. Pure."""

import re
from typing import Any


def unflatten(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """Nested dictionaries and lists of texts."""
    tree: dict[str, Any] = {}
    for name, value in pairs:
        *path, last = re.findall(r"[^\[\]]+", name)
        place = tree
        for part in path:
            place = place.setdefault(part, {})
        place[last] = value
    result = _to_lists(tree)
    assert isinstance(result, dict)
    return result


def _to_lists(tree: Any) -> Any:
    if not isinstance(tree, dict):
        return tree
    if tree and all(key.isdigit() for key in tree):
        return [_to_lists(tree[key]) for key in sorted(tree, key=int)]
    return {key: _to_lists(value) for key, value in tree.items()}
