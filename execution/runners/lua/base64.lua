-- Base64 by blocks of three bytes.
local base64 = {}

local letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
local values, pairs_of_letters = {}, {}
for index = 1, 64 do values[letters:byte(index)] = index - 1 end
for number = 0, 4095 do
  local high, low = (number >> 6) + 1, (number & 63) + 1
  pairs_of_letters[number] = letters:sub(high, high) .. letters:sub(low, low)
end

function base64.encode(bytes)
  local parts, count, rest = {}, 0, #bytes % 3
  for index = 1, #bytes - rest, 3 do
    local first, second, third = bytes:byte(index, index + 2)
    local number = first << 16 | second << 8 | third
    parts[count + 1], parts[count + 2] = pairs_of_letters[number >> 12], pairs_of_letters[number & 4095]
    count = count + 2
  end
  if rest == 1 then
    parts[count + 1] = pairs_of_letters[bytes:byte(-1) << 4] .. "=="
  elseif rest == 2 then
    local first, second = bytes:byte(-2, -1)
    local number = first << 16 | second << 8
    parts[count + 1] = pairs_of_letters[number >> 12] .. letters:sub((number >> 6 & 63) + 1, (number >> 6 & 63) + 1) .. "="
  end
  return table.concat(parts)
end

function base64.decode(text)
  local padding = text:match("=*$")
  local parts, count, char = {}, 0, string.char
  for index = 1, #text - 3, 4 do
    local first, second, third, fourth = text:byte(index, index + 3)
    local number = values[first] << 18 | values[second] << 12 | (values[third] or 0) << 6 | (values[fourth] or 0)
    count = count + 1
    parts[count] = char(number >> 16, number >> 8 & 255, number & 255)
  end
  local bytes = table.concat(parts)
  return bytes:sub(1, #bytes - #padding)
end

return base64
