/* base/json_reader.c: see json_reader.h. */
#include "base/json_reader.h"

#include <string.h>

/* The next byte that is no blank; NUL at the end, and once the reader has failed. */
static char next(struct json_reader *reader)
{
    while (reader->at < reader->end &&
           (*reader->at == ' ' || *reader->at == '\n' || *reader->at == '\r' || *reader->at == '\t'))
        reader->at++;
    if (reader->at == reader->end || reader->failed)
        return '\0';
    return *reader->at;
}

/* Pass over `byte`, which has to be next. */
static bool take(struct json_reader *reader, char byte)
{
    if (next(reader) == byte)
        reader->at++;
    else
        reader->failed = true;
    return !reader->failed;
}

void json_reader_open(struct json_reader *reader, char bracket)
{
    reader->fresh = take(reader, bracket);
}

/* Whether a value follows before `bracket`, which ends them. */
static bool more(struct json_reader *reader, char bracket)
{
    bool fresh = reader->fresh;
    reader->fresh = false;
    if (next(reader) == bracket) {
        reader->at++;
        return false;
    }
    return fresh ? !reader->failed : take(reader, ',');
}

bool json_reader_more(struct json_reader *reader)
{
    return more(reader, ']');
}

const char *json_reader_name(struct json_reader *reader)
{
    const char *name = more(reader, '}') ? json_reader_text(reader) : NULL;
    return name != NULL && take(reader, ':') ? name : NULL;
}

/* Whether an odd number of backslashes stands before `quote`, in the text that begins at `text`. */
static bool is_escaped(const char *text, const char *quote)
{
    const char *before = quote;
    while (before > text && before[-1] == '\\')
        before--;
    return (quote - before) % 2 != 0;
}

/* The quote that ends the text which begins at `text`; NULL when none does. */
static char *closing_quote(char *text, const char *end)
{
    char *quote = memchr(text, '"', (size_t)(end - text));
    while (quote != NULL && is_escaped(text, quote))
        quote = memchr(quote + 1, '"', (size_t)(end - (quote + 1)));
    return quote;
}

/* What the byte behind a backslash stands for; NUL when that is not known. */
static char escaped(char byte)
{
    static const char bytes[] = "\"\\/bfnrt";
    static const char meant[] = "\"\\/\b\f\n\r\t";
    const char *found = byte != '\0' ? strchr(bytes, byte) : NULL;
    if (found == NULL)
        return '\0';
    return meant[found - bytes];
}

/* Resolve the escapes of a text where it stands, and end it with a NUL; false when one is not known. */
static bool resolve(char *text, char *quote)
{
    char *to = memchr(text, '\\', (size_t)(quote - text));
    *quote = '\0';
    if (to == NULL)
        return true;
    for (const char *from = to; from < quote; from++) {
        char byte = *from;
        if (byte == '\\')
            byte = escaped(*++from);
        if (byte == '\0')
            return false;
        *to++ = byte;
    }
    *to = '\0';
    return true;
}

const char *json_reader_text(struct json_reader *reader)
{
    char *text = take(reader, '"') ? reader->at : NULL;
    char *quote = text != NULL ? closing_quote(text, reader->end) : NULL;
    if (quote == NULL || !resolve(text, quote)) {
        reader->failed = true;
        return NULL;
    }
    reader->at = quote + 1;
    return text;
}

/* Pass over a text, a number or a word. */
static void skip_plain(struct json_reader *reader, char first)
{
    static const char ends[] = "\",:[]{} \n\r\t";
    const char *begin = reader->at;
    if (first == '"') {
        char *quote = closing_quote(reader->at + 1, reader->end);
        reader->failed = quote == NULL;
        reader->at = quote != NULL ? quote + 1 : reader->end;
        return;
    }
    while (reader->at < reader->end && memchr(ends, *reader->at, sizeof ends - 1) == NULL)
        reader->at++;
    reader->failed = reader->at == begin;
}

void json_reader_skip(struct json_reader *reader)
{
    size_t depth = 0; /* of the objects and arrays that were entered */
    do {
        char first = next(reader);
        if (first == '{' || first == '[') {
            depth++;
            reader->at++;
        } else if (depth > 0 && (first == '}' || first == ']')) {
            depth--;
            reader->at++;
        } else if (depth > 0 && (first == ',' || first == ':')) {
            reader->at++;
        } else {
            skip_plain(reader, first);
        }
    } while (depth > 0 && !reader->failed);
}

size_t json_reader_count(const struct json_reader *reader)
{
    struct json_reader ahead = *reader;
    size_t count = 0;
    json_reader_open(&ahead, '[');
    while (json_reader_more(&ahead)) {
        json_reader_skip(&ahead);
        count++;
    }
    return count;
}

void json_reader_end(struct json_reader *reader)
{
    if (next(reader) != '\0' || reader->at != reader->end)
        reader->failed = true;
}
