/* base/json_reader.h: JSON that is read once, from the front to the back: no tree, and no memory of its own.
 *
 * For what is large and read at every start of the program, as the error catalogue is: cJSON (base/json.h) allocates
 * each value. The caller asks for what has to follow:
 *
 *     json_reader_open(&reader, '{');                           {
 *     while ((name = json_reader_name(&reader)) != NULL)          "colour": "red",
 *         if (strcmp(name, "colour") == 0)
 *             colour = json_reader_text(&reader);
 *         else
 *             json_reader_skip(&reader);                          "size": [1, 2]
 *     json_reader_end(&reader);                                 }
 *
 * What is no JSON, or not what was asked for, makes the reader `failed`: from then on it yields nothing, so that a
 * caller may ask many times and look once. Of a value that is skipped only the end is found. */
#ifndef BASE_JSON_READER_H
#define BASE_JSON_READER_H

#include <stdbool.h>
#include <stddef.h>

struct json_reader {
    char *at;   /* what is not yet read; texts become strings of C where they stand, so what was read is JSON no more */
    char *end;  /* behind all of it */
    bool fresh; /* an object or array was entered, and nothing read of it: no comma is before what is next */
    bool failed;
};

/* Enter an object, `bracket` {, or an array, [. */
void json_reader_open(struct json_reader *reader, char bracket);

/* Whether there is another value in the array that was entered last, to be read next. Behind the last one the array is
 * left. */
bool json_reader_more(struct json_reader *reader);

/* The name of the next member of the object that was entered last, whose value is to be read next. NULL: behind the
 * last one, and the object is left; or failed. */
const char *json_reader_name(struct json_reader *reader);

/* A text, borrowed from what is read. NULL: failed; \u is not understood, for a file of ours is UTF-8 and needs none.
 */
const char *json_reader_text(struct json_reader *reader);

/* Pass over a value of any kind. */
void json_reader_skip(struct json_reader *reader);

/* How many values the array has that is next, which is not entered. */
size_t json_reader_count(const struct json_reader *reader);

/* Nothing may follow but blanks. */
void json_reader_end(struct json_reader *reader);

#endif
