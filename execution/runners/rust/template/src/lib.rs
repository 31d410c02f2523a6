/// What load returns and every apply gets.
pub struct State {
    greeting: String,
}

/// Runs once, before the first call.
pub fn load() -> Result<State, String> {
    Ok(State { greeting: "Hello".into() })
}

/// Answers one call. Give the input any type that serde reads; what is returned is any type that serde writes.
pub fn apply(input: String, state: &mut State) -> Result<String, String> {
    Ok(format!("{}, {}!", state.greeting, input))
}
