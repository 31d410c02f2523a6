# Runs once, before the first call. What it returns is handed to every apply.
load <- function() {
  list(greeting = "Hello")
}

# Answers one call. `input` is what the caller sent: a JSON value (arrays and objects are lists), text (a character
# vector of length 1) or binary (a raw vector).
apply <- function(input, state) {
  paste0(state$greeting, ", ", input, "!")
}
