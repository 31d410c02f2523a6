import agora, {module}

serve(proc (): int = 0, proc (input: JsonNode, state: var int): auto = {module}.apply(input))
