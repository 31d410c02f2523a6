import agora, {module}

serve(proc (): int = 0, proc (input: JsonNode, state: var int): JsonNode = {module}.apply(input))
