"""Names the food in a picture without looking at it: it asks three other algorithms of the store."""

import agora

OWNER = "agora"
"""Whose algorithms to call. Another owner who publishes copies of them puts their own name here."""
SPECIALISTS = {"fruit": "fruit_classifier", "vegetable": "vegetable_classifier"}


def apply(input):
    """The likeliest food. Whatever a called algorithm raises reaches this one's caller with its own error type."""
    kind = agora.call(f"{OWNER}/fruit_or_vegetable", input)
    specialist = SPECIALISTS[kind["label"]]
    food = agora.call(f"{OWNER}/{specialist}", input)
    return {
        "label": food["label"],
        "kind": kind["label"],
        "confidence": round(kind["confidence"] * food["confidence"], 4),
        "asked": ["fruit_or_vegetable", specialist],
    }
