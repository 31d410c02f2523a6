import agora

type State = object
  greeting: string

proc load*(): State =
  ## Runs once, before the first call. What it returns is handed to every apply.
  State(greeting: "Hello")

proc apply*(input: JsonNode, state: var State): JsonNode =
  ## Answers one call. The input is what the caller sent: a JSON value, text (a JString) or binary (see agora.isBinary).
  %(state.greeting & ", " & input.getStr & "!")
