import agora

proc apply*(input: JsonNode): iterator (): JsonNode =
  let count = input["count"].getInt
  return iterator (): JsonNode =
    for number in 1 .. count: yield %number
