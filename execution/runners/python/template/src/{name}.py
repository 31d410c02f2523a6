def load():
    """Runs once, before the first call. What it returns is handed to every apply."""
    return {"greeting": "Hello"}


def apply(input, state):
    """Answers one call. `input` is what the caller sent: a JSON value, text (str) or binary (bytes)."""
    return f"{state['greeting']}, {input}!"
