-- Runs once, before the first call. What it returns is handed to every apply.
function load()
  return { greeting = "Hello" }
end

-- Answers one call. `input` is what the caller sent: a JSON value (null is agora.null, an array is an agora.array), text
-- (a string) or binary (an agora.binary, whose .bytes is a string), with agora = require("agora").
function apply(input, state)
  return state.greeting .. ", " .. input .. "!"
end
