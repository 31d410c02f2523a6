-- What an algorithm needs beside Lua itself: local agora = require("agora")
local json = require("json")

return { null = json.null, array = json.array, binary = json.binary }
