-- Run at build: succeeds when the file can be parsed, else says why not. Runs nothing of it.
local _, message = loadfile(arg[1])
if message then
  io.stderr:write(message, "\n")
  os.exit(1)
end
