// What an algorithm may ask of the platform it runs on.
//
//   const agora = require("agora");            // or: import agora from "agora"
//   const label = await agora.call("owner/name", { any: "value" });
//
// A Buffer is sent as binary, a string as text, everything else as JSON; the result comes back the same way.
//
//   await agora.data("data://.my/letters/today.txt").write(label);
//   const names = await agora.data("data://.my/letters").list();
//
// Data is the caller's, unless its address says otherwise.
"use strict";

const fs = require("fs");
const http = require("http");
const { pipeline } = require("stream/promises");

const SOCKET = process.env.AGORA_GATEWAY_SOCKET || "/run/agora/gateway.sock";
const connections = new http.Agent({ keepAlive: true });
let token = null;

/** The called algorithm failed, or could not be called. */
class AlgorithmError extends Error {
  constructor(message, errorType = "AlgorithmError", stacktrace = null) {
    super(message);
    this.name = "AlgorithmError";
    this.error_type = errorType;
    this.stacktrace = stacktrace;
  }
}

/** Data could not be read or written; `status` is that of HTTP: 404 for what is missing. */
class DataError extends AlgorithmError {
  constructor(message, status) {
    super(message, "DataError");
    this.name = "DataError";
    this.status = status;
  }
}

/** Calls `owner/name` or `owner/name/version`; resolves to its result, rejects with AlgorithmError. */
async function call(algorithm, value = null) {
  const [type, body] = encode(value);
  const path = "/v1/algo/" + algorithm.replace(/^\/+|\/+$/g, "");
  const { received } = await exchange("POST", path, body, { "Content-Type": type });
  return decode(readJson(received));
}

/** A file or a directory in hosted data, which need not be there: `data://owner/collection/name`. */
function data(address) {
  return new Data(address);
}

/** What data() returns. Everything rejects with DataError. */
class Data {
  constructor(address) {
    this.address = address;
    const names = address.split("://").pop().replace(/^\/+|\/+$/g, "").split("/");
    this.path = "/v1/data/" + names.map(encodeURIComponent).join("/");
  }

  /** A file's bytes. */
  async read() {
    return this.ask("GET");
  }

  /** A file's text, which is UTF-8. */
  async text() {
    return (await this.read()).toString();
  }

  /** The value that a file of JSON has. */
  async json() {
    return JSON.parse(await this.text());
  }

  /** Copies a file to a path on the slot's own disk, without holding it in memory. */
  async save(path) {
    await this.ask("GET", null, "", (response) => pipeline(response, fs.createWriteStream(path)));
  }

  /** Makes or replaces a file: bytes as they are, a stream's bytes, a string as UTF-8, everything else as JSON. */
  async write(value) {
    await this.ask("PUT", isStream(value) ? value : encode(value)[1]);
  }

  /** The names in a directory: folders first, each kind in order. */
  async list() {
    const names = [];
    let marker = "";
    do {
      const page = JSON.parse(await this.ask("GET", null, "?marker=" + encodeURIComponent(marker)));
      names.push(...(page.folders || []).map((folder) => folder.name), ...(page.files || []).map((file) => file.filename));
      marker = page.marker;
    } while (marker);
    return names;
  }

  /** Whether there is such a file or directory. */
  async exists() {
    try {
      await this.ask("HEAD");
      return true;
    } catch (error) {
      if (error.status === 404) return false;
      throw error;
    }
  }

  /** Makes a directory. */
  async create() {
    const [, parent, name] = this.path.match(/^(.*)\/([^/]*)$/);
    check(await exchange("POST", parent, Buffer.from(JSON.stringify({ name: decodeURIComponent(name) })), {}));
  }

  /** Deletes a file, an empty directory, or with `{ force: true }` one with all that is in it. */
  async delete({ force = false } = {}) {
    await this.ask("DELETE", null, force ? "?force=true" : "");
  }

  /** One request; the body, unless `receive` takes it. */
  async ask(method, body = null, query = "", receive = null) {
    return check(await exchange(method, this.path + query, body, {}, receive));
  }
}

function check({ response, received }) {
  if (response.statusCode === 200) return received;
  throw new DataError(response.headers["x-error-message"] || response.statusMessage, response.statusCode);
}

function encode(value) {
  if (value instanceof Uint8Array) return ["application/octet-stream", Buffer.from(value)];
  if (typeof value === "string") return ["text/plain", Buffer.from(value)];
  return ["application/json", Buffer.from(JSON.stringify(value))];
}

function isStream(value) {
  return value !== null && typeof value === "object" && typeof value.pipe === "function";
}

/** The response and its body, or what `receive` makes of a good one. */
function exchange(method, path, body, headers, receive = null) {
  if (token === null) {
    throw new AlgorithmError(
      "this version may not call other algorithms, nor use hosted data: set calls_others = true under [permissions]" +
        " in agora.toml",
      "PermissionError",
    );
  }
  const length = isStream(body) ? {} : { "Content-Length": body === null ? 0 : body.length };
  const options = {
    socketPath: SOCKET,
    path,
    method,
    agent: connections,
    headers: { ...headers, ...length, Authorization: "Simple " + token },
  };
  return new Promise((resolve, reject) => {
    const fail = (error) => reject(new AlgorithmError(`the platform did not answer: ${error.message}`, "SystemError"));
    const request = http.request(options, (response) => {
      const take = receive && response.statusCode === 200 ? receive : readAll;
      take(response).then((received) => resolve({ response, received }), fail);
    });
    request.on("error", fail);
    if (isStream(body)) pipeline(body, request).catch(fail);
    else request.end(body);
  });
}

async function readAll(response) {
  const chunks = [];
  for await (const chunk of response) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function readJson(text) {
  try {
    return JSON.parse(text.toString());
  } catch (error) {
    throw new AlgorithmError(`the platform did not answer: ${error.message}`, "SystemError");
  }
}

function decode(answer) {
  if (answer.error) {
    const error = typeof answer.error === "object" ? answer.error : { message: String(answer.error) };
    throw new AlgorithmError(error.message, error.error_type || "AlgorithmError", error.stacktrace || null);
  }
  const binary = answer.metadata && answer.metadata.content_type === "binary";
  return binary ? Buffer.from(answer.result, "base64") : answer.result;
}

/** The shape that Algorithmia's client has. */
function client() {
  return { algo: (name) => ({ pipe: async (value) => ({ result: await call(name.split("://").pop(), value) }) }) };
}

exports.AlgorithmError = AlgorithmError;
exports.DataError = DataError;
exports.call = call;
exports.data = data;
exports.client = client;
/** The runner's: the right to call others, for the call that now runs. */
exports.setToken = (value) => {
  token = value;
};
