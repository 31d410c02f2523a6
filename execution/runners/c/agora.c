/*
 * Answers calls to one algorithm in C: one line of JSON in, one out, on the call channel (descriptor 3). It is compiled
 * together with the author's files; the stage of the warm slot has said ready, and hands over the order to load.
 *
 * What the algorithm prints goes to the log pipe (descriptors 1 and 2).
 */
#define _GNU_SOURCE
#include "agora.h"

#include <execinfo.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CHANNEL = 3, FRAMES = 64, TEXT = 4096 };

static const char BINARY[] = "\x01" "binary"; /* the key of the object that a binary value is, inside */
static const char LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static jmp_buf failed;
static char message[TEXT], trace[TEXT], type[256];
static char *received;
static size_t held, room;

void agora_fail_at(const char *file, int line, const char *function, const char *kind, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  snprintf(type, sizeof type, "%s", kind);
  snprintf(trace, sizeof trace, "%s: %s\n  at %s (%s:%d)", type, message, function, file, line);
  longjmp(failed, 1);
}

json_t *agora_binary(const void *bytes, size_t length) {
  return json_pack("{s:o}", BINARY, json_stringn_nocheck(bytes, length));
}

const unsigned char *agora_bytes(const json_t *input, size_t *length) {
  const json_t *bytes = json_object_get(input, BINARY);
  if (bytes == NULL) return NULL;
  *length = json_string_length(bytes);
  return (const unsigned char *)json_string_value(bytes);
}

static void die(const char *what) {
  perror(what);
  _exit(1);
}

static void send_bytes(const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t written = write(CHANNEL, bytes, length);
    if (written < 0) die("the call channel");
    bytes += written;
    length -= (size_t)written;
  }
}

/* Writes the parts, one after the other, as one line. */
static void send_line(const char *before, const char *middle, size_t length, const char *after) {
  send_bytes(before, strlen(before));
  send_bytes(middle, length);
  send_bytes(after, strlen(after));
}

/* The next line, which stays valid until the one after it; 0 when the channel closes. A caller sends one and waits. */
static size_t receive(void) {
  held = 0;
  do {
    if (room - held < TEXT) {
      room = room ? 2 * room : 1 << 16;
      received = realloc(received, room);
      if (received == NULL) die("reading a request");
    }
    ssize_t count = read(CHANNEL, received + held, room - held);
    if (count <= 0) return 0;
    held += (size_t)count;
  } while (received[held - 1] != '\n');
  return held;
}

static json_t *decode_base64(const char *text, size_t length) {
  static signed char values[256];
  unsigned char *bytes = malloc(length / 4 * 3 + 3);
  size_t count = 0;
  unsigned int bits = 0, number = 0;
  if (values['B'] == 0) {
    memset(values, -1, sizeof values);
    for (int index = 0; index < 64; index++) values[(unsigned char)LETTERS[index]] = (signed char)index;
  }
  for (size_t index = 0; index < length; index++) {
    signed char value = values[(unsigned char)text[index]];
    if (value < 0) continue;
    number = number << 6 | (unsigned int)value;
    bits += 6;
    if (bits >= 8) bytes[count++] = (unsigned char)(number >> (bits -= 8));
  }
  json_t *made = agora_binary(bytes, count);
  free(bytes);
  return made;
}

static char *encode_base64(const unsigned char *bytes, size_t length, size_t *size) {
  char *text = malloc((length + 2) / 3 * 4 + 1), *next = text;
  for (size_t index = 0; index < length; index += 3) {
    unsigned int left = length - index > 2 ? 3 : (unsigned int)(length - index);
    unsigned int number = (unsigned int)bytes[index] << 16;
    if (left > 1) number |= (unsigned int)bytes[index + 1] << 8;
    if (left > 2) number |= bytes[index + 2];
    *next++ = LETTERS[number >> 18];
    *next++ = LETTERS[number >> 12 & 63];
    *next++ = left > 1 ? LETTERS[number >> 6 & 63] : '=';
    *next++ = left > 2 ? LETTERS[number & 63] : '=';
  }
  *size = (size_t)(next - text);
  return text;
}

/* What goes before a line's last bracket: which request it answers. */
static char tail[TEXT + 8];

static void send_error(void) {
  json_t *error = json_pack("{s:{s:s,s:s,s:s}}", "error", "message", message, "stacktrace", trace, "error_type", type);
  if (error == NULL) error = json_pack("{s:{s:s,s:n,s:s}}", "error", "message", "not UTF-8", "stacktrace", "error_type", type);
  char *text = json_dumps(error, JSON_COMPACT);
  fflush(NULL);
  send_line("", text, strlen(text) - 1, tail);
  free(text);
  json_decref(error);
}

/* Writes the value without its line's end; `key` is what the line begins with, up to the value. */
static void send_value(const char *key, const json_t *value) {
  size_t length = 0;
  const unsigned char *bytes = agora_bytes(value, &length);
  char *text;
  fflush(NULL);
  if (bytes != NULL) {
    text = encode_base64(bytes, length, &length);
    send_bytes(key, strlen(key));
    send_line("\"", text, length, "\",\"metadata\":{\"content_type\":\"binary\"}");
  } else {
    text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(17));
    if (text == NULL) agora_fail("ValueError", "the result cannot be written as JSON");
    send_line(key, text, strlen(text), json_is_string(value) ? ",\"metadata\":{\"content_type\":\"text\"}"
                                                             : ",\"metadata\":{\"content_type\":\"json\"}");
  }
  free(text);
}

void agora_send_chunk(const json_t *chunk) {
  send_value("{\"chunk\":", chunk);
  send_bytes("}\n", 2);
}

static void send_result(const json_t *result) {
  send_value("{\"result\":", result);
  send_bytes(tail, strlen(tail));
}

/* An id is a caller's own text of a few letters; one that is longer, or must be escaped, is left out. */
static void keep_id(const json_t *id) {
  const char *text = json_string_value(id);
  bool plain = text != NULL && strlen(text) < TEXT - 8 && strpbrk(text, "\"\\") == NULL;
  snprintf(tail, sizeof tail, plain ? ",\"id\":\"%s\"}\n" : "}\n", text);
}

/* The line as JSON. */
static json_t *parse(const char *text, size_t length) {
  json_error_t error;
  json_t *value = json_loadb(text, length, JSON_ALLOW_NUL, &error);
  if (value == NULL) agora_fail("ValueError", "the input cannot be read: %s", error.text);
  return value;
}

static void answer(size_t length) {
  keep_id(NULL);
  json_t *request = parse(received, length);
  keep_id(json_object_get(request, "id"));
  json_t *data = json_object_get(request, "data");
  if (strcmp(json_string_value(json_object_get(request, "content_type")), "binary") == 0) {
    data = decode_base64(json_string_value(data), json_string_length(data));
    json_object_set_new(request, "data", data); /* so that it goes with the request */
  }
  json_t *result = apply(data);
  if (result == NULL) agora_fail("ValueError", "apply returned NULL");
  send_result(result);
  json_decref(result);
  json_decref(request);
}

/* Sets the environment, moves to the version's folder and runs load, as the order in that file says. */
static void load_version(const char *name_of_order) {
  json_t *order = json_object_get(json_load_file(name_of_order, JSON_ALLOW_NUL, NULL), "load");
  const char *name;
  json_t *value;
  json_object_foreach(json_object_get(order, "environment_variables"), name, value) setenv(name, json_string_value(value), 1);
  if (chdir(json_string_value(json_object_get(order, "directory"))) != 0) die("the version's folder");
  if (load != NULL) load();
}

/* A crash says where, in the log, and then is one. */
static void on_crash(int number) {
  void *frames[FRAMES];
  backtrace_symbols_fd(frames, backtrace(frames, FRAMES), STDERR_FILENO);
  signal(number, SIG_DFL);
  raise(number);
}

static long long microseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

int main(int count, char **arguments) {
  long long started = microseconds();
  char loaded[64];
  volatile size_t length;
  const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
  for (size_t index = 0; index < sizeof crashes / sizeof *crashes; index++) signal(crashes[index], on_crash);
  fcntl(CHANNEL, F_SETFD, FD_CLOEXEC);
  keep_id(NULL);
  if (setjmp(failed)) {
    send_error();
    return 1;
  }
  load_version(count > 1 ? arguments[1] : "");
  fflush(NULL);
  snprintf(loaded, sizeof loaded, "{\"loaded\":{\"duration_us\":%lld}}\n", microseconds() - started);
  send_bytes(loaded, strlen(loaded));
  while ((length = receive()) > 0) {
    if (setjmp(failed)) {
      send_error();
    } else {
      answer(length);
    }
  }
  return 0;
}
