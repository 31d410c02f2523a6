1; % a script that defines functions

% Runs once, before the first call. What it returns is handed to every apply.
function state = load()
  state.greeting = "Hello";
end

% Answers one call. The input is what the caller sent: a JSON value (objects are structs, arrays are cells or rows of
% numbers), text (char) or binary (uint8).
function result = apply(input, state)
  result = [state.greeting, ", ", input, "!"];
end
