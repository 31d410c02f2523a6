interface State {
  greeting: string;
}

/** Runs once, before the first call. What it returns is handed to every apply. */
export function load(): State {
  return { greeting: "Hello" };
}

/** Answers one call. The input is what the caller sent: a JSON value, text (string) or binary (Buffer). */
export function apply(input: unknown, state: State): unknown {
  return `${state.greeting}, ${input}!`;
}
