local agora = require("agora")
local actions = {}

function load()
  local file = io.open("fail_load.txt")
  if file then error("no model") end
  return { count = 0 }
end

function apply(input, state)
  local action = type(input) == "table" and actions[input["do"]]
  if not action then return input end
  return action(input, state)
end

function actions.text() return "tëxt 🍎" end

function actions.bytes() return agora.binary("\x00\xff\x0a\x80") end

function actions.count(_, state)
  state.count = state.count + 1
  return state.count
end

function actions.raise() error({ error_type = "Deliberate", message = "deliberate 🍎" }) end

function actions.exit() os.exit(3) end

function actions.loop() while true do end end

function actions.stream(input)
  return coroutine.create(function()
    for number = 1, input.count do coroutine.yield(number) end
  end)
end

function actions.print(input)
  os.execute("echo from a child")
  for _ = 1, input.mebibytes * 1024 do print(("x"):rep(1023)) end
  return "printed"
end

function actions.shell(input)
  os.execute(input.command)
  return "done"
end

function actions.hog()
  local held = {}
  while true do held[#held + 1] = ("x"):rep(1 << 20) .. #held end
end

function actions.spawn()
  for _ = 1, 2000 do os.execute("sleep 60 &") end
end
