def apply(input):
    """Answers one call."""
    return f"Hello, {input}!"
