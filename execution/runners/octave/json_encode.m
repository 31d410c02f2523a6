% Octave's values as JSON; the opposite of json_decode. A matrix is an array of its rows.
function text = json_encode(value)
  if ischar(value)
    text = encode_string(value);
  elseif iscell(value)
    text = join("[", cellfun(@json_encode, value(:)', "UniformOutput", false), "]");
  elseif isstruct(value)
    text = encode_struct(value);
  elseif isa(value, "containers.Map")
    text = encode_fields(value.keys(), value.values());
  elseif isnumeric(value) || islogical(value)
    text = encode_numbers(value);
  else
    error("json:unfit", "the result cannot be written as JSON: it holds a %s", class(value));
  end
end

function text = join(before, parts, after)
  text = [before, strjoin(parts, ","), after];
end

function text = encode_struct(value)
  if numel(value) != 1
    text = join("[", arrayfun(@encode_struct, value(:)', "UniformOutput", false), "]");
  else
    text = encode_fields(fieldnames(value)', struct2cell(value)');
  end
end

function text = encode_fields(keys, values)
  parts = cellfun(@(key, value) [encode_string(num2str(key)), ":", json_encode(value)], keys, values, "UniformOutput", false);
  text = join("{", parts, "}");
end

function text = encode_numbers(value)
  if isequal(size(value), [0, 0])
    text = "null";
  elseif isscalar(value)
    text = encode_number(value);
  elseif rows(value) > 1 && columns(value) > 1
    text = join("[", cellfun(@encode_numbers, num2cell(value, 2)', "UniformOutput", false), "]");
  else
    text = join("[", arrayfun(@encode_number, value(:)', "UniformOutput", false), "]");
  end
end

function text = encode_number(value)
  if islogical(value)
    text = {"false", "true"}{value + 1};
  elseif isinteger(value)
    text = sprintf("%d", value);
  elseif ! isfinite(value) || iscomplex(value)
    error("json:unfit", "the result holds NaN, infinity or a complex number, which JSON cannot carry");
  else
    text = sprintf("%.15g", value);
    if str2double(text) != value
      text = sprintf("%.17g", value);
    end
  end
end

function text = encode_string(value)
  text = strrep(strrep(value(:)', '\', '\\'), '"', '\"');
  codes = double(text); % characters beyond ASCII count as negative
  if any(codes < 32)
    for code = unique(codes(codes < 32))
      text = strrep(text, char(code), sprintf('\\u%04x', code));
    end
  end
  text = ['"', text, '"'];
end
