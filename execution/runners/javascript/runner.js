// Answers calls to one JavaScript algorithm: one line of JSON in, one out, on the call channel (descriptor 3,
// where the manifest's command moves it). Stand-alone: Node 18 or newer, nothing but its own modules.
//
// Numbers are JavaScript numbers: integers above 2^53 in the input lose digits, as everywhere in the language.
// What the algorithm prints goes to the log pipe (descriptors 1 and 2).
"use strict";

const { once } = require("events");
const net = require("net");
const path = require("path");
const { pathToFileURL } = require("url");
const agora = require("./agora");

const PROTOCOL = 1;
const CHANNEL = 3;
const READ_SIZE = 1 << 16;
// With a buffer of its own, which is used again: one for each reading, and an event of it, would be work for nothing.
const onread = { buffer: Buffer.alloc(READ_SIZE), callback: (size, buffer) => take(buffer.subarray(0, size)) };
const channel = new net.Socket({ fd: CHANNEL, readable: true, writable: true, onread });

let chunks = []; // of a line that has not ended
let onLine = load;
let apply = null;
let failCall = null; // rejects the call that now runs

function take(chunk) {
  let end = chunk.indexOf(10);
  while (end !== -1) {
    chunks.push(chunk.subarray(0, end));
    const line = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
    chunks = [];
    onLine(line.toString());
    chunk = chunk.subarray(end + 1);
    end = chunk.indexOf(10);
  }
  if (chunk.length) chunks.push(Buffer.from(chunk)); // a copy
  return true; // read on
}
channel.on("end", () => process.exit(0));
channel.on("error", () => process.exit(1));

// Thrown outside the call's own promise, in a timer or an event: it fails the call that runs, or ends the slot.
process.on("uncaughtException", (error) => {
  if (failCall) {
    failCall(error);
  } else {
    console.error(error);
    process.exit(1);
  }
});

send('{"ready":{"protocol":' + PROTOCOL + "}}\n");

function send(line, then) {
  channel.write(line, then);
}

async function load(line) {
  const started = process.hrtime.bigint();
  onLine = answer;
  try {
    apply = await loadVersion(JSON.parse(line).load);
  } catch (error) {
    send(errorLine(error), () => process.exit(1));
    return;
  }
  send('{"loaded":{"duration_us":' + (process.hrtime.bigint() - started) / 1000n + "}}\n");
}

/** Imports the entry, runs its load(), and returns a function of one argument. */
async function loadVersion(order) {
  Object.assign(process.env, order.environment_variables);
  process.chdir(order.directory);
  const entry = order.entry.replace(/\.([cm]?)ts$/, ".$1js"); // TypeScript was compiled by the build
  const imported = await importFile(path.join(order.directory, entry));
  if (typeof imported.apply !== "function") throw new LoadingError(`${order.entry} exports no function called apply`);
  if (takesCallback(imported)) return withCallback(imported.apply);
  const state = typeof imported.load === "function" ? await imported.load() : undefined;
  return (input) => imported.apply(input, state);
}

/** Algorithmia's template: apply(input, callback), which calls back with an error or a result. */
function takesCallback(imported) {
  return typeof imported.load !== "function" && imported.apply.length === 2 && imported.apply.constructor === Function;
}

function withCallback(apply) {
  return (input) =>
    new Promise((resolve, reject) => {
      apply(input, (error, result) => (error ? reject(error) : resolve(result)));
    });
}

async function importFile(entry) {
  try {
    return require(entry);
  } catch (error) {
    if (!isModuleSyntax(error, entry)) throw error;
    return import(pathToFileURL(entry));
  }
}

/** Whether require() failed only because the entry is an ES module. */
function isModuleSyntax(error, entry) {
  if (error.code === "ERR_REQUIRE_ESM" || error.code === "ERR_REQUIRE_ASYNC_MODULE") return true;
  const inEntry = String(error.stack).startsWith(entry);
  return error instanceof SyntaxError && inEntry && /import statement|'export'|import\.meta|await is only/.test(error);
}

class LoadingError extends Error {}

function answer(line) {
  let id;
  try {
    const request = JSON.parse(line);
    id = request.id;
    agora.setToken(request.token || null);
    const result = apply(request.content_type === "binary" ? Buffer.from(request.data, "base64") : request.data);
    if (isPromise(result) || isStream(result)) answerLater(result, id);
    else reply(resultLine(result), id); // at once: a promise of what is there would be work for nothing
  } catch (error) {
    reply(errorLine(error), id);
  }
}

async function answerLater(result, id) {
  let text;
  try {
    text = resultLine(await finish(result));
  } catch (error) {
    text = errorLine(error);
  }
  failCall = null;
  reply(text, id);
}

function finish(result) {
  return new Promise((resolve, reject) => {
    failCall = reject;
    settle(result).then(resolve, reject);
  });
}

async function settle(promised) {
  const result = await promised;
  return isStream(result) ? sendChunks(result) : result;
}

function reply(text, id) {
  send(id === undefined ? text : text.slice(0, -2) + ',"id":' + JSON.stringify(id) + "}\n");
}

function isPromise(result) {
  const mayBe = (typeof result === "object" && result !== null) || typeof result === "function";
  return mayBe && typeof result.then === "function";
}

/** A generator or another iterator, also an asynchronous one, as a stream of Node is; not what only can be iterated. */
function isStream(result) {
  if (result === null || typeof result !== "object") return false;
  return Symbol.asyncIterator in result || (typeof result.next === "function" && Symbol.iterator in result);
}

/** Sends each chunk as it comes; returns what is left to answer. */
async function sendChunks(result) {
  const chunks = Symbol.asyncIterator in result ? result[Symbol.asyncIterator]() : result;
  const ours = failCall;
  let sent = false;
  for (;;) {
    const { value, done } = await chunks.next();
    if (failCall !== ours) return null; // the call has failed meanwhile
    if (done) return value === undefined && !sent ? [] : value;
    sent = true;
    if (!channel.write(resultLine(value, "chunk"))) await once(channel, "drain");
  }
}

function resultLine(result, key = "result") {
  if (result instanceof Uint8Array) {
    const bytes = Buffer.from(result.buffer, result.byteOffset, result.byteLength);
    return '{"' + key + '":"' + bytes.toString("base64") + '","metadata":{"content_type":"binary"}}\n';
  }
  const text = JSON.stringify(result === undefined ? null : result);
  if (text === undefined) throw new TypeError(`the result cannot be written as JSON: it is a ${typeof result}`);
  const kind = typeof result === "string" ? "text" : "json";
  return '{"' + key + '":' + text + ',"metadata":{"content_type":"' + kind + '"}}\n';
}

/** One error line: the message, the type, and the author's frames only. Anything may have been thrown. */
function errorLine(error) {
  const known = error instanceof Error || (error !== null && typeof error === "object");
  const name = known && error.constructor && error.constructor.name;
  const body = {
    message: known ? String(error.message || name) : String(error),
    stacktrace: known && typeof error.stack === "string" ? authorTrace(error.stack) : null,
    error_type: known && typeof error.error_type === "string" ? error.error_type : name || "Error",
  };
  return JSON.stringify({ error: body }) + "\n";
}

function authorTrace(stack) {
  const ours = (frame) => /^\s+at /.test(frame) && (frame.includes(__filename) || /[( ]node:/.test(frame));
  return stack.split("\n").filter((frame) => !ours(frame)).join("\n");
}
