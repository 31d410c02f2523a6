## Answers calls to one algorithm in Nim: one line of JSON in, one out, on the call channel (descriptor 3). A build compiles
## it together with the author's module; the stage of the warm slot has said ready, and hands over the order to load.
##
## What the algorithm prints goes to the log pipe (descriptors 1 and 2).

import std/[base64, json, monotimes, os, posix, strutils, times]
export json

const
  channel = cint(3)
  readBuffer = 1 shl 18
  binaryKey = "\x01binary" ## The key of the object that a binary value is, inside.

proc newBinary*(bytes: string): JsonNode =
  ## A value that is answered as binary.
  %*{binaryKey: bytes}

proc isBinary*(value: JsonNode): bool =
  ## Whether the input is binary.
  value != nil and value.kind == JObject and value.hasKey(binaryKey)

proc bytes*(value: JsonNode): string =
  ## The bytes of a binary input.
  value[binaryKey].getStr

proc send(line: string) =
  let text = line & "\n"
  var sent = 0
  flushFile(stdout)
  while sent < text.len:
    let written = write(channel, unsafeAddr text[sent], text.len - sent)
    if written < 0: quit(1)
    sent += written

proc receive(): string =
  ## The next line; empty when the channel closes. A caller sends one and waits.
  var piece = newString(readBuffer)
  while not result.endsWith('\n'):
    let count = read(channel, addr piece[0], piece.len)
    if count <= 0: return ""
    let held = result.len
    result.setLen(held + count)
    copyMem(addr result[held], addr piece[0], count)

proc errorLine(error: ref Exception): string =
  var frames: seq[string]
  for frame in error.getStackTrace.splitLines:
    if "agora.nim" notin frame and "main.nim" notin frame and frame.len > 0: frames.add frame
  let trace = $error.name & ": " & error.msg & "\n" & frames.join("\n")
  $ %*{"error": {"message": error.msg, "stacktrace": trace, "error_type": $error.name}}

proc lineOf(key: string, value: JsonNode): string =
  if value.isBinary:
    return "{\"" & key & "\":\"" & encode(value.bytes) & "\",\"metadata\":{\"content_type\":\"binary\"}}"
  let text = if value == nil: "null" else: $value
  let kind = if text[0] == '"': "text" else: "json"
  "{\"" & key & "\":" & text & ",\"metadata\":{\"content_type\":\"" & kind & "\"}}"

proc respond(value: JsonNode): string =
  ## The last line.
  lineOf("result", value)

proc respond(chunks: iterator (): JsonNode {.closure.}): string =
  ## Sends each chunk as it comes; the last line is left.
  var sent = false
  for chunk in chunks():
    send lineOf("chunk", chunk)
    sent = true
  lineOf("result", if sent: newJNull() else: newJArray())

proc withId(answer: string, request: JsonNode): string =
  if request == nil or not request.hasKey("id"): answer else: answer[0 .. ^2] & ",\"id\":" & $request["id"] & "}"

proc inputOf(request: JsonNode): JsonNode =
  if request["content_type"].getStr == "binary": newBinary(decode(request["data"].getStr)) else: request["data"]

proc prepare() =
  let order = parseJson(readFile(paramStr(1)))["load"]
  for name, value in order["environment_variables"]: putEnv(name, value.getStr)
  setCurrentDir(order["directory"].getStr)

proc serve*[State, Output](load: proc (): State {.nimcall.}, apply: proc (input: JsonNode, state: var State): Output {.nimcall.}) =
  ## Loads the version and answers until the channel closes.
  let started = getMonoTime()
  var state: State
  discard fcntl(channel, F_SETFD, FD_CLOEXEC)
  try:
    prepare()
    state = load()
  except CatchableError, Defect:
    send errorLine(getCurrentException())
    quit(1)
  send "{\"loaded\":{\"duration_us\":" & $(getMonoTime() - started).inMicroseconds & "}}"
  while true:
    let line = receive()
    if line.len == 0: return
    var answer: string
    var request: JsonNode
    try:
      request = parseJson(line)
      answer = respond(apply(inputOf(request), state))
    except CatchableError, Defect:
      answer = errorLine(getCurrentException())
    send withId(answer, request)
