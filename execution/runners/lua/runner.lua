-- Answers calls to one Lua algorithm: one line of JSON in, one out, on the call channel (descriptor 0).
--
-- Lua 5.3 or newer with lua-posix. What the algorithm prints goes to the log pipe (descriptors 1 and 2); the call channel
-- moves to a private descriptor at boot, where no print can reach it.
local fcntl = require("posix.fcntl")
local stdlib = require("posix.stdlib")
local time = require("posix.time")
local unistd = require("posix.unistd")
local base64 = require("base64")
local json = require("json")

local lua_load = load -- an algorithm's own load takes this name while it loads
local READ_BYTES = 1 << 18
local channel
local received = {} -- pieces of a line that has not ended

local function take_channel()
  channel = unistd.dup(0)
  fcntl.fcntl(channel, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
  local nothing = fcntl.open("/dev/null", fcntl.O_RDONLY)
  unistd.dup2(nothing, 0)
  unistd.close(nothing)
  io.stdout:setvbuf("full")
end

local function send(line)
  local rest = line .. "\n"
  while #rest > 0 do
    local written = assert(unistd.write(channel, rest))
    rest = written == #rest and "" or rest:sub(written + 1)
  end
end

-- The next line without its end, or nil when the channel closes. A caller sends one line and waits.
local function receive()
  while true do
    local data = unistd.read(channel, READ_BYTES)
    if not data or #data == 0 then return nil end
    received[#received + 1] = data
    if data:byte(-1) == 10 then
      local line = table.concat(received)
      received = {}
      return line
    end
  end
end

local function flush_prints()
  io.stdout:flush()
  io.stderr:flush()
end

-- For xpcall: an error becomes its message, its type and the author's part of the stack.
local function describe(problem)
  local kind, message = "AlgorithmError", problem
  if type(problem) == "table" then
    kind, message = problem.error_type or kind, problem.message or tostring(problem)
  end
  local frames = { tostring(message) }
  for frame in debug.traceback("", 2):gmatch("[^\n]+") do
    if not frame:find("/runner/", 1, true) and not frame:find("^%s*%[C%]") and not frame:find("^%s*$") then
      frames[#frames + 1] = frame
    end
  end
  return { message = tostring(message), error_type = kind, stacktrace = table.concat(frames, "\n") }
end

local function error_line(problem)
  for key, text in pairs(problem) do
    if not utf8.len(text) then problem[key] = text:gsub("[\x80-\xff]", "?") end
  end
  return json.encode({ error = problem })
end

-- Runs the entry and its load, and returns a function of one argument.
local function load_version(order)
  for name, value in pairs(order.environment_variables or {}) do
    stdlib.setenv(name, value)
  end
  unistd.chdir(order.directory)
  local entry = order.directory .. "/" .. order.entry
  for _, folder in ipairs({ "/vendor", "/lib", "/" .. (order.entry:match("^(.*)/") or ".") }) do
    package.path = order.directory .. folder .. "/?.lua;" .. package.path
  end
  assert(loadfile(entry))()
  local apply = _G.apply
  if type(apply) ~= "function" then
    error({ error_type = "LoadingError", message = order.entry .. " has no function called apply" })
  end
  local state
  if _G.load ~= lua_load then
    local load_state = _G.load
    _G.load = lua_load
    state = load_state()
  end
  return function(input) return apply(input, state) end
end

local function microseconds_now()
  local now = time.clock_gettime(time.CLOCK_MONOTONIC)
  return now.tv_sec * 1000000 + now.tv_nsec // 1000
end

local function load_and_report(order)
  local started = microseconds_now()
  local ok, result = xpcall(load_version, describe, order)
  flush_prints()
  if not ok then
    send(error_line(result))
    os.exit(1)
  end
  send(('{"loaded":{"duration_us":%d}}'):format(microseconds_now() - started))
  return result
end

local function result_line(result, key)
  if json.is_binary(result) then
    return '{"' .. key .. '":"' .. base64.encode(result.bytes) .. '","metadata":{"content_type":"binary"}}'
  end
  local kind = type(result) == "string" and "text" or "json"
  return '{"' .. key .. '":' .. json.encode(result) .. ',"metadata":{"content_type":"' .. kind .. '"}}'
end

-- What a coroutine yields, by calls, as an iterator does it: nil is the end.
local function iterate(thread)
  return function()
    local ok, chunk = coroutine.resume(thread)
    if not ok then error(chunk, 0) end
    if coroutine.status(thread) ~= "dead" then return chunk end
  end
end

-- Sends each chunk as it comes, and returns the last line.
local function send_chunks(result)
  local sent = false
  for chunk in type(result) == "thread" and iterate(result) or result do
    send(result_line(chunk, "chunk"))
    sent = true
  end
  return result_line(not sent and json.array() or nil, "result")
end

local call_id -- of the request in progress

local function answer(apply, line)
  call_id = nil
  local request = json.decode(line)
  call_id = request.id
  local input = request.data
  if request.content_type == "binary" then input = json.binary(base64.decode(input)) end
  local result = apply(input)
  if type(result) == "function" or type(result) == "thread" then return send_chunks(result) end
  return result_line(result, "result")
end

take_channel()
send('{"ready":{"protocol":1}}')
local line = receive()
if line then
  local apply = load_and_report(json.decode(line).load)
  for request in receive do
    local ok, result = xpcall(answer, describe, apply, request)
    flush_prints()
    local text = ok and result or error_line(result)
    send(call_id and text:sub(1, -2) .. ',"id":' .. json.encode(call_id) .. "}" or text)
  end
end
