/* What an algorithm in C uses. Values are those of jansson: https://jansson.readthedocs.io */
#ifndef AGORA_H
#define AGORA_H

#include <jansson.h>
#include <stddef.h>

/* The author's. Answers one call; the input is borrowed, the result is a new reference (json_incref to return an input). */
json_t *apply(json_t *input);

/* The author's, if there is one. Runs once, before the first call. */
void load(void) __attribute__((weak));

/* Sends a part of a streaming result at once; what apply returns in the end is told too. The value stays the author's. */
void agora_send_chunk(const json_t *chunk);

/* Ends apply or load with an error for the caller. The message is formatted as by printf. */
#define agora_fail(type, ...) agora_fail_at(__FILE__, __LINE__, __func__, type, __VA_ARGS__)

/* A value that is answered as binary. */
json_t *agora_binary(const void *bytes, size_t length);

/* The bytes of a binary input and their number; NULL when the input is something else. */
const unsigned char *agora_bytes(const json_t *input, size_t *length);

void agora_fail_at(const char *file, int line, const char *function, const char *type, const char *format, ...)
    __attribute__((noreturn, format(printf, 5, 6)));

#endif
