/**
 * Answers calls to one algorithm in D: one line of JSON in, one out, on the call channel (descriptor 3). A build compiles it
 * together with the author's modules; the stage of the warm slot has said ready, and hands over the order to load.
 *
 * What the algorithm prints goes to the log pipe (descriptors 1 and 2).
 */
module agora;

import core.stdc.stdlib : exit;
import core.sys.posix.fcntl : fcntl, F_SETFD, FD_CLOEXEC;
import core.sys.posix.unistd : read, write;
import core.time : MonoTime;
import std.algorithm : canFind, filter, startsWith;
import std.array : join;
import std.base64 : Base64;
import std.conv : to;
import std.file : readText;
import std.json;
import std.range : isInputRange;
import std.stdio : stdout;

enum channel = 3;
enum readBuffer = 1 << 18;
enum binaryKey = "\x01binary"; // of the object that a binary value is, inside

/// A value that is answered as binary.
JSONValue binary(const(ubyte)[] bytes)
{
    return JSONValue([binaryKey: cast(string) Base64.encode(bytes).idup]);
}

/// Whether the input is binary.
bool isBinary(const JSONValue value)
{
    return value.type == JSONType.object && (binaryKey in value.objectNoRef) !is null;
}

/// The bytes of a binary input.
ubyte[] bytes(const JSONValue value)
{
    return Base64.decode(value[binaryKey].str);
}

/// Loads the version and answers until the channel closes.
void serve(alias load, alias apply)(string[] arguments)
{
    const started = MonoTime.currTime;
    fcntl(channel, F_SETFD, FD_CLOEXEC);
    typeof(load()) state;
    bool failed;
    const loaded = guarded(() {
        prepare(parseJSON(readText(arguments[1]))["load"]);
        state = load();
        return `{"loaded":{"duration_us":` ~ (MonoTime.currTime - started).total!"usecs".to!string ~ `}}`;
    }, failed);
    send(loaded);
    if (failed)
        exit(1);
    for (string line = receive(); line.length; line = receive())
    {
        JSONValue request;
        const answer = guarded(() {
            request = parseJSON(line, -1);
            return respond(apply(inputOf(request), state));
        }, failed);
        send(withId(answer, request));
    }
}

private:

void prepare(JSONValue order)
{
    import std.file : chdir;
    import std.process : environment;

    foreach (string name, value; order["environment_variables"].object)
        environment[name] = value.str;
    chdir(order["directory"].str);
}

void send(string line)
{
    stdout.flush();
    for (const(char)[] left = line ~ "\n"; left.length;)
    {
        const written = write(channel, left.ptr, left.length);
        if (written < 0)
            exit(1);
        left = left[written .. $];
    }
}

/// The next line; empty when the channel closes. A caller sends one and waits.
string receive()
{
    char[] line;
    auto piece = new char[readBuffer];
    do
    {
        const count = read(channel, piece.ptr, piece.length);
        if (count <= 0)
            return "";
        line ~= piece[0 .. count];
    }
    while (line[$ - 1] != '\n');
    return cast(string) line;
}

JSONValue inputOf(JSONValue request)
{
    if (request["content_type"].str == "binary")
        return JSONValue([binaryKey: request["data"].str]);
    return request["data"];
}

/// The last line. A range is a streaming result: its elements are sent as they come.
string respond(Result)(Result result)
{
    static if (is(Result : JSONValue))
        return lineOf("result", result);
    else
    {
        static assert(isInputRange!Result, "apply answers JSONValue, or a range of what can be one");
        bool sent;
        foreach (chunk; result)
        {
            send(lineOf("chunk", JSONValue(chunk)));
            sent = true;
        }
        return lineOf("result", sent ? JSONValue(null) : JSONValue(JSONValue[].init));
    }
}

string withId(string answer, JSONValue request)
{
    if (request.type != JSONType.object || "id" !in request)
        return answer;
    return answer[0 .. $ - 1] ~ `,"id":` ~ request["id"].toString() ~ "}";
}

string lineOf(string key, JSONValue result)
{
    if (result.isBinary)
        return `{"` ~ key ~ `":"` ~ result[binaryKey].str ~ `","metadata":{"content_type":"binary"}}`;
    const kind = result.type == JSONType.string ? "text" : "json";
    return `{"` ~ key ~ `":` ~ result.toString(JSONOptions.doNotEscapeSlashes) ~ `,"metadata":{"content_type":"` ~ kind ~ `"}}`;
}

/// What the action answers, or an error line.
string guarded(string delegate() action, ref bool failed)
{
    failed = false;
    try
        return action();
    catch (Throwable error)
    {
        failed = true;
        return errorLine(error);
    }
}

string errorLine(Throwable error)
{
    string[] frames = [error.classinfo.name ~ "@" ~ error.file ~ "(" ~ error.line.to!string ~ "): " ~ error.message.idup];
    if (error.info)
        foreach (frame; error.info)
            if (!frame.canFind("agora.", "_Dmain", "rt.dmain2", "__libc", "_start", "??:?"))
                frames ~= frame.idup;
    JSONValue body = [
        "message": JSONValue(error.message.idup),
        "stacktrace": JSONValue(frames.join("\n")),
        "error_type": JSONValue(error.classinfo.name),
    ];
    return JSONValue(["error": body]).toString();
}
