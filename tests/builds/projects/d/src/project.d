module project;

import std.json;
import mustache;

alias Template = MustacheEngine!(string);

JSONValue apply(JSONValue input)
{
    Template engine;
    auto context = new Template.Context;
    context["name"] = input.str;
    return JSONValue(engine.renderString("Hello, {{name}}!", context));
}
