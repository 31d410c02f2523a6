# Runs once, before the first call. What it returns is handed to every apply.
def load
  { greeting: "Hello" }
end

# Answers one call. `input` is what the caller sent: a JSON value, text (String) or binary (a String in BINARY encoding).
def apply(input, state)
  "#{state[:greeting]}, #{input}!"
end
