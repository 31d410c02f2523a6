#include "agora.h"

static const char *greeting;

/* Runs once, before the first call. */
void load(void) {
  greeting = "Hello";
}

/* Answers one call. The input is what the caller sent: a JSON value, text (a string) or binary (see agora_bytes). */
json_t *apply(json_t *input) {
  if (!json_is_string(input)) agora_fail("InputError", "the input must be text");
  return json_sprintf("%s, %s!", greeting, json_string_value(input));
}
