// Runs once, before the first call. What it returns is handed to every apply.
exports.load = () => ({ greeting: "Hello" });

// Answers one call. `input` is what the caller sent: a JSON value, text (string) or binary (Buffer).
exports.apply = (input, state) => `${state.greeting}, ${input}!`;
