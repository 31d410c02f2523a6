import agora
import std/[os, osproc, strutils]

proc load*(): int =
  if fileExists("fail_load.txt"): raise newException(IOError, "no model")
  0

proc printMuch(mebibytes: int): JsonNode =
  discard execShellCmd("echo from a child")
  let line = repeat('x', 1023)
  for _ in 1 .. mebibytes * 1024: echo line
  %"printed"

proc hog(): JsonNode =
  var held: seq[string]
  while true: held.add repeat('x', 1 shl 20)

proc spawn(): JsonNode =
  var children: seq[Process]
  for _ in 1 .. 2000: children.add startProcess("/bin/sleep", args = ["60"])
  newJNull()

proc apply*(input: JsonNode, count: var int): JsonNode =
  if input.kind != JObject or not input.hasKey("do"): return input
  case input["do"].getStr
  of "text": %"tëxt 🍎"
  of "bytes": newBinary("\x00\xff\x0a\x80")
  of "count":
    inc count
    %count
  of "raise": raise newException(ValueError, "deliberate 🍎")
  of "exit": quit(3)
  of "loop":
    while true: discard
    nil
  of "print": printMuch(input["mebibytes"].getInt)
  of "hog": hog()
  else: spawn()
