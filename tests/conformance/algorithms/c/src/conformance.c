#include "agora.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int count;

void load(void) {
  if (access("fail_load.txt", F_OK) == 0) agora_fail("LoadError", "no model");
}

static json_t *print_much(json_int_t mebibytes) {
  char line[1025];
  memset(line, 'x', sizeof line);
  line[1023] = '\0';
  if (system("echo from a child") != 0) agora_fail("SystemError", "no echo");
  for (json_int_t number = 0; number < mebibytes * 1024; number++) puts(line);
  return json_string("printed");
}

static json_t *stream(json_int_t count) {
  for (json_int_t number = 1; number <= count; number++) {
    json_t *chunk = json_integer(number);
    agora_send_chunk(chunk);
    json_decref(chunk);
  }
  return json_array();
}

static json_t *hog(void) {
  for (;;) memset(malloc(1 << 20), 1, 1 << 20);
}

static json_t *spawn(void) {
  for (int number = 0; number < 2000; number++) {
    if (fork() == 0) return execlp("sleep", "sleep", "60", NULL), NULL;
  }
  return json_null();
}

json_t *apply(json_t *input) {
  const char *action = json_string_value(json_object_get(input, "do"));
  if (action == NULL) return json_incref(input);
  if (strcmp(action, "text") == 0) return json_string("tëxt 🍎");
  if (strcmp(action, "bytes") == 0) return agora_binary("\x00\xff\x0a\x80", 4);
  if (strcmp(action, "count") == 0) return json_integer(++count);
  if (strcmp(action, "raise") == 0) agora_fail("Deliberate", "deliberate %s", "🍎");
  if (strcmp(action, "exit") == 0) _exit(3);
  if (strcmp(action, "loop") == 0) for (;;);
  if (strcmp(action, "stream") == 0) return stream(json_integer_value(json_object_get(input, "count")));
  if (strcmp(action, "print") == 0) return print_much(json_integer_value(json_object_get(input, "mebibytes")));
  if (strcmp(action, "hog") == 0) return hog();
  return spawn();
}
