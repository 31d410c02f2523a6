#include "agora.h"
#include "vendor/uthash.h"

struct word {
  const char *text;
  UT_hash_handle hh;
};

/* How many different words there are. */
json_t *apply(json_t *input) {
  struct word *words = NULL, *found, *next;
  size_t index;
  json_t *each;
  json_array_foreach(input, index, each) {
    HASH_FIND_STR(words, json_string_value(each), found);
    if (found) continue;
    found = calloc(1, sizeof *found);
    found->text = json_string_value(each);
    HASH_ADD_KEYPTR(hh, words, found->text, strlen(found->text), found);
  }
  json_int_t count = HASH_COUNT(words);
  HASH_ITER(hh, words, found, next) {
    HASH_DEL(words, found);
    free(found);
  }
  return json_integer(count);
}
