// What an algorithm may ask of the platform it runs on.
//
//   const agora = require("agora");            // or: import agora from "agora"
//   const label = await agora.call("owner/name", { any: "value" });
//
// A Buffer is sent as binary, a string as text, everything else as JSON; the result comes back the same way.
"use strict";

const http = require("http");

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

/** Calls `owner/name` or `owner/name/version`; resolves to its result, rejects with AlgorithmError. */
async function call(algorithm, value = null) {
  if (token === null) {
    throw new AlgorithmError(
      "this version may not call other algorithms: set calls_others = true under [permissions] in agora.toml",
      "PermissionError",
    );
  }
  const [type, body] = encode(value);
  const path = "/v1/algo/" + algorithm.replace(/^\/+|\/+$/g, "");
  return decode(await post(path, body, { "Content-Type": type, Authorization: "Simple " + token }));
}

function encode(value) {
  if (value instanceof Uint8Array) return ["application/octet-stream", Buffer.from(value)];
  if (typeof value === "string") return ["text/plain", Buffer.from(value)];
  return ["application/json", Buffer.from(JSON.stringify(value))];
}

function post(path, body, headers) {
  return new Promise((resolve, reject) => {
    const fail = (error) => reject(new AlgorithmError(`the platform did not answer: ${error.message}`, "SystemError"));
    const options = {
      socketPath: SOCKET,
      path,
      method: "POST",
      agent: connections,
      headers: { ...headers, "Content-Length": body.length },
    };
    const request = http.request(options, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", fail);
      response.on("end", () => {
        try {
          resolve(JSON.parse(Buffer.concat(chunks).toString()));
        } catch (error) {
          fail(error);
        }
      });
    });
    request.on("error", fail);
    request.end(body);
  });
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
exports.call = call;
exports.client = client;
/** The runner's: the right to call others, for the call that now runs. */
exports.setToken = (value) => {
  token = value;
};
