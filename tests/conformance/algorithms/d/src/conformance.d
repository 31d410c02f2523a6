module conformance;

import agora;
import std.array : replicate;
import std.file : exists;
import std.json;
import std.process;
import std.stdio;

int load()
{
    if ("fail_load.txt".exists)
        throw new Exception("no model");
    return 0;
}

JSONValue apply(JSONValue input, ref int count)
{
    if (input.type != JSONType.object || "do" !in input)
        return input;
    switch (input["do"].str)
    {
    case "text":
        return JSONValue("tëxt 🍎");
    case "bytes":
        return binary([0, 255, 10, 128]);
    case "count":
        return JSONValue(++count);
    case "raise":
        throw new StringException("deliberate 🍎");
    case "exit":
        import core.stdc.stdlib : exit;

        exit(3);
        assert(0);
    case "loop":
        while (true)
        {
        }
    case "print":
        return printMuch(input["mebibytes"].integer);
    case "hog":
        return hog();
    default:
        return spawnMany();
    }
}

class StringException : Exception
{
    this(string message, string file = __FILE__, size_t line = __LINE__)
    {
        super(message, file, line);
    }
}

JSONValue printMuch(long mebibytes)
{
    spawnProcess(["echo", "from a child"]).wait();
    foreach (_; 0 .. mebibytes * 1024)
        writeln("x".replicate(1023));
    return JSONValue("printed");
}

JSONValue hog()
{
    ubyte[][] held;
    while (true)
    {
        held ~= new ubyte[1 << 20];
        held[$ - 1][] = 1;
    }
}

JSONValue spawnMany()
{
    foreach (_; 0 .. 2000)
        spawnProcess(["sleep", "60"]);
    return JSONValue(null);
}
