-- JSON for the runner: keeps integers and floats apart, and an empty array apart from an empty object.
local json = {}

json.null = setmetatable({}, { __tostring = function() return "null" end })
local array_kind = { __name = "array" }
local binary_kind = { __name = "binary", __tostring = function(self) return self.bytes end }

-- Marks a table as an array, also when it is empty.
function json.array(values) return setmetatable(values or {}, array_kind) end

-- Bytes that are no text.
function json.binary(bytes) return setmetatable({ bytes = bytes }, binary_kind) end

function json.is_binary(value) return getmetatable(value) == binary_kind end

-- An escaped backslash is hidden as a backslash and a zero byte, so that it does not start another escape.
local HIDDEN = "\\\0"
local escapes = { ['"'] = '"', ["\0"] = "\\", ["/"] = "/", b = "\b", f = "\f", n = "\n", r = "\r", t = "\t" }
local decode_value

local function fail(position, message) error(("invalid JSON at byte %d: %s"):format(position, message), 0) end

local function skip(text, position) return text:find("[^ \t\r\n]", position) or #text + 1 end

-- The text of \uXXXX, or of a pair of them that stands for one character.
local function decode_unicode(text)
  text = text:gsub("\\u([dD][89abAB]%x%x)\\u([dD][c-fC-F]%x%x)", function(high, low)
    return utf8.char(0x10000 + ((tonumber(high, 16) - 0xD800) << 10) + (tonumber(low, 16) - 0xDC00))
  end)
  return (text:gsub("\\u(%x%x%x%x)", function(hex)
    local code = tonumber(hex, 16)
    if code == 0x5C then return HIDDEN end
    return code >= 0xD800 and code <= 0xDFFF and "\xEF\xBF\xBD" or utf8.char(code)
  end))
end

local function unescape(text)
  if not text:find("\\", 1, true) then return text end
  text = text:gsub("\\\\", HIDDEN)
  if text:find("\\u", 1, true) then text = decode_unicode(text) end
  return (text:gsub("\\(.)", escapes))
end

local function decode_string(text, position)
  local from, at = position + 1, position + 1
  while true do
    local stop = text:find('["\\]', at)
    if not stop then fail(position, "a string without an end") end
    if text:byte(stop) == 34 then return unescape(text:sub(from, stop - 1)), stop + 1 end
    at = stop + 2
  end
end

local function decode_array(text, position)
  local values, count = {}, 0
  position = skip(text, position + 1)
  if text:byte(position) == 93 then return json.array(values), position + 1 end
  while true do
    count = count + 1
    values[count], position = decode_value(text, position)
    position = skip(text, position)
    local byte = text:byte(position)
    if byte == 93 then return json.array(values), position + 1 end
    if byte ~= 44 then fail(position, "a comma or ] is missing") end
    position = position + 1
  end
end

local function decode_object(text, position)
  local values = {}
  position = skip(text, position + 1)
  if text:byte(position) == 125 then return values, position + 1 end
  while true do
    local key
    key, position = decode_string(text, skip(text, position))
    position = skip(text, position)
    if text:byte(position) ~= 58 then fail(position, "a colon is missing") end
    values[key], position = decode_value(text, position + 1)
    position = skip(text, position)
    local byte = text:byte(position)
    if byte == 125 then return values, position + 1 end
    if byte ~= 44 then fail(position, "a comma or } is missing") end
    position = position + 1
  end
end

local function decode_number(text, position)
  local from, to = text:find("^-?%d+%.?%d*[eE]?[+-]?%d*", position)
  if not from then fail(position, "a value is missing") end
  local number = text:sub(from, to)
  return math.tointeger(number) or tonumber(number), to + 1
end

local words = { t = { "true", true }, f = { "false", false }, n = { "null", json.null } }

function decode_value(text, position)
  position = skip(text, position)
  local first = text:sub(position, position)
  if first == '"' then return decode_string(text, position) end
  if first == "{" then return decode_object(text, position) end
  if first == "[" then return decode_array(text, position) end
  local word = words[first]
  if word and text:sub(position, position + #word[1] - 1) == word[1] then return word[2], position + #word[1] end
  return decode_number(text, position)
end

function json.decode(text) return (decode_value(text, 1)) end

local written = { ['"'] = '\\"', ["\\"] = "\\\\", ["\127"] = "\127" }
for code = 0, 31 do written[string.char(code)] = ("\\u%04x"):format(code) end

local function encode_string(text)
  if not utf8.len(text) then error("a string is not UTF-8: return agora.binary(bytes) to answer with bytes", 0) end
  return '"' .. text:gsub('[%c"\\]', written) .. '"'
end

local function encode_number(number)
  if math.type(number) == "integer" then return tostring(number) end
  if number ~= number or number == math.huge or number == -math.huge then
    error("the result holds NaN or infinity, which JSON cannot carry", 0)
  end
  local short = ("%.15g"):format(number)
  return tonumber(short) == number and short or ("%.17g"):format(number)
end

local encode_value

local function encode_array(values, parts)
  parts[#parts + 1] = "["
  for index = 1, #values do
    if index > 1 then parts[#parts + 1] = "," end
    encode_value(values[index], parts)
  end
  parts[#parts + 1] = "]"
end

local function encode_object(values, parts)
  local first = true
  parts[#parts + 1] = "{"
  for key, value in pairs(values) do
    if not first then parts[#parts + 1] = "," end
    first = false
    parts[#parts + 1] = encode_string(tostring(key)) .. ":"
    encode_value(value, parts)
  end
  parts[#parts + 1] = "}"
end

local encoders = {
  string = function(value, parts) parts[#parts + 1] = encode_string(value) end,
  number = function(value, parts) parts[#parts + 1] = encode_number(value) end,
  boolean = function(value, parts) parts[#parts + 1] = tostring(value) end,
  ["nil"] = function(_, parts) parts[#parts + 1] = "null" end,
  table = function(value, parts)
    if value == json.null then
      parts[#parts + 1] = "null"
    elseif getmetatable(value) == array_kind or #value > 0 then
      encode_array(value, parts)
    else
      encode_object(value, parts)
    end
  end,
}

function encode_value(value, parts)
  local encode = encoders[type(value)]
  if not encode then error("the result cannot be written as JSON: it holds a " .. type(value), 0) end
  encode(value, parts)
end

function json.encode(value)
  local parts = {}
  encode_value(value, parts)
  return table.concat(parts)
end

return json
