// Runs once, before the first call. What it returns is handed to every apply.
def load() {
    [greeting: 'Hello']
}

// Answers one call. The input is what the caller sent: a JSON value, text (String) or binary (byte[]).
def apply(input, state) {
    "${state.greeting}, $input!"
}
