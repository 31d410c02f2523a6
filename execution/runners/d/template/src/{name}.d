module {name};

import std.json;

/// Runs once, before the first call. What it returns is handed to every apply.
string load()
{
    return "Hello";
}

/// Answers one call. The input is what the caller sent: a JSON value, text (a string) or binary (see agora.isBinary).
JSONValue apply(JSONValue input, ref string greeting)
{
    return JSONValue(greeting ~ ", " ~ input.str ~ "!");
}
