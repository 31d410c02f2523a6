local agora = require("agora")
local stringx = require("pl.stringx")

function apply(input)
  local parts = stringx.split(input, ",")
  return agora.array({ table.unpack(parts) })
end
