% JSON as Octave's own values. Objects are structs, or containers.Map where a key is no name; arrays are cells, or a row
% where they hold two numbers or more; null is [].
function value = json_decode(text)
  global agora_json
  marks = find(text == '"');
  slashes = text == '\';
  if any(slashes)
    marks = marks(! is_escaped(slashes, marks));
  end
  agora_json = struct("text", text, "at", 1, "quotes", marks, "ends", find(text == ']'));
  value = decode_value();
end

% Whether an odd number of backslashes stands before each position.
function escaped = is_escaped(slashes, positions)
  escaped = false(size(positions));
  going = 1:numel(positions); % those before which there have been backslashes only
  before = 1;
  while ! isempty(going)
    going = going(positions(going) > before);
    going = going(slashes(positions(going) - before));
    escaped(going) = ! escaped(going);
    before++;
  end
end

function value = decode_value()
  global agora_json
  skip_space();
  switch agora_json.text(agora_json.at)
    case '{'
      value = decode_object();
    case '['
      value = decode_array();
    case '"'
      value = decode_string();
    case 't'
      value = true;
      agora_json.at += 4;
    case 'f'
      value = false;
      agora_json.at += 5;
    case 'n'
      value = [];
      agora_json.at += 4;
    otherwise
      value = decode_number();
  end
end

function skip_space()
  global agora_json
  while agora_json.at <= numel(agora_json.text) && any(agora_json.text(agora_json.at) == " \t\r\n")
    agora_json.at++;
  end
  if agora_json.at > numel(agora_json.text)
    error("json:invalid", "invalid JSON: it ends too early");
  end
end

% Whether the next character is this one, which then is passed.
function found = passes(character)
  global agora_json
  skip_space();
  found = agora_json.text(agora_json.at) == character;
  agora_json.at += found;
end

function value = decode_object()
  global agora_json
  keys = values = {};
  agora_json.at++;
  if ! passes('}')
    do
      skip_space();
      keys{end + 1} = decode_string();
      if ! passes(':')
        error("json:invalid", "invalid JSON at %d: a colon is missing", agora_json.at);
      end
      values{end + 1} = decode_value();
    until ! passes(',')
    if ! passes('}')
      error("json:invalid", "invalid JSON at %d: a comma is missing", agora_json.at);
    end
  end
  if all(cellfun(@isvarname, keys))
    [~, last] = unique(keys, "last");
    value = cell2struct(values(sort(last))(:), keys(sort(last))(:), 1);
    if isempty(keys)
      value = struct();
    end
  else
    value = containers.Map(keys, values, "UniformValues", false);
  end
end

function value = decode_array()
  global agora_json
  value = {};
  agora_json.at++;
  if passes(']')
    return;
  end
  if decode_numbers()
    value = agora_json.numbers;
    return;
  end
  do
    value{end + 1} = decode_value();
  until ! passes(',')
  if ! passes(']')
    error("json:invalid", "invalid JSON at %d: a comma is missing", agora_json.at);
  end
end

% An array of at least two numbers and nothing else is read at once, into agora_json.numbers.
function found = decode_numbers()
  global agora_json
  found = false;
  if ! any(agora_json.text(agora_json.at) == "-0123456789")
    return;
  end
  stop = agora_json.ends(lookup(agora_json.ends, agora_json.at) + 1);
  inner = agora_json.text(agora_json.at:stop - 1);
  if ! any(inner == ',') || ! all(any(inner == "0123456789+-.eE, \t\r\n"', 1))
    return;
  end
  agora_json.numbers = sscanf(inner, "%f,")';
  agora_json.at = stop + 1;
  found = true;
end

function value = decode_number()
  global agora_json
  [number, ~, ~, next] = sscanf(agora_json.text(agora_json.at:min(end, agora_json.at + 400)), "%f", 1);
  if isempty(number)
    error("json:invalid", "invalid JSON at %d: no value", agora_json.at);
  end
  value = number;
  agora_json.at += next - 1;
end

function value = decode_string()
  global agora_json
  index = lookup(agora_json.quotes, agora_json.at);
  if index == 0 || agora_json.quotes(index) != agora_json.at || index == numel(agora_json.quotes)
    error("json:invalid", "invalid JSON at %d: no string", agora_json.at);
  end
  stop = agora_json.quotes(index + 1);
  value = agora_json.text(agora_json.at + 1:stop - 1);
  agora_json.at = stop + 1;
  if any(value == '\')
    value = unescape(value);
  end
end

% What stands between escaped backslashes is read by itself: they start no other escape.
function value = unescape(value)
  parts = regexp(value, '\\\\', "split");
  value = strjoin(cellfun(@unescape_part, parts, "UniformOutput", false), '\\');
end

function value = unescape_part(value)
  pairs = {'\"', '"'; '\/', '/'; '\n', "\n"; '\t', "\t"; '\r', "\r"; '\b', "\b"; '\f', "\f"};
  for index = 1:rows(pairs)
    value = strrep(value, pairs{index, 1}, pairs{index, 2});
  end
  halves = regexp(value, '\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}', "match");
  for found = unique(halves)
    high = hex2dec(found{1}(3:6)) - 55296;
    low = hex2dec(found{1}(9:12)) - 56320;
    value = strrep(value, found{1}, utf8_of(65536 + high * 1024 + low));
  end
  for found = unique(regexp(value, '\\u[0-9a-fA-F]{4}', "match"))
    value = strrep(value, found{1}, utf8_of(hex2dec(found{1}(3:6))));
  end
end

function text = utf8_of(code)
  if code < 128
    text = char(code);
  elseif code < 2048
    text = char([192 + floor(code / 64), 128 + mod(code, 64)]);
  elseif code < 65536
    text = char([224 + floor(code / 4096), 128 + mod(floor(code / 64), 64), 128 + mod(code, 64)]);
  else
    rest = [floor(code / 4096), floor(code / 64), code];
    text = char([240 + floor(code / 262144), 128 + mod(rest, 64)]);
  end
end
