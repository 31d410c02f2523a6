module conformance;

import std.json;
import std.range : iota;

auto apply(JSONValue input)
{
    return iota(1, input["count"].integer + 1);
}
