import agora
import std/os

{.passC: "-DXXH_INLINE_ALL -I" & currentSourcePath.parentDir.parentDir / "vendor".}
proc hash32(input: cstring, length: csize_t, seed: cuint): cuint {.importc: "XXH32", header: "xxhash.h".}

proc apply*(input: JsonNode): JsonNode =
  let text = input.getStr
  %hash32(text.cstring, text.len.csize_t, 0).int
