/* cli/ini.c: see ini.h. */
#include "cli/ini.h"

#include "cli/text.h"

#include <ini.h>

#include <string.h>

/* What libinih asks for, a line at a time. */
struct reading {
    const struct cli_ini_reader *reader;
    const char *at;
    const char *end;
    unsigned line; /* the one that was handed out last */
    bool ended;    /* by an error */
    struct cli_ini_error *error;
};

static bool fail(struct reading *reading, const char *code)
{
    reading->ended = true;
    reading->error->code = code;
    reading->error->line = reading->line;
    return false;
}

/* Some bytes of a line. */
struct part {
    const char *data;
    size_t length;
};

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

static struct part trim(struct part part)
{
    while (part.length > 0 && is_blank(part.data[part.length - 1]))
        part.length--;
    while (part.length > 0 && is_blank(*part.data)) {
        part.data++;
        part.length--;
    }
    return part;
}

/* The next line, without its end. */
static struct part next_line(struct reading *reading)
{
    struct part line = {reading->at, (size_t)(reading->end - reading->at)};
    const char *newline = memchr(line.data, '\n', line.length);
    if (newline != NULL)
        line.length = (size_t)(newline - line.data);
    reading->at = newline != NULL ? newline + 1 : reading->end;
    reading->line++;
    if (line.length > 0 && line.data[line.length - 1] == '\r')
        line.length--;
    return line;
}

/* Put a line into libinih's buffer, which cuts what it does not hold. */
static bool put_line(struct reading *reading, char *to, size_t size, struct part line)
{
    reading->error->most = size - sizeof "\n";
    if (line.length > reading->error->most)
        return fail(reading, "CONFIG_LINE_TOO_LONG");
    memcpy(to, line.data, line.length);
    memcpy(to + line.length, "\n", sizeof "\n");
    return true;
}

static bool is_comment(struct part text)
{
    return text.length == 0 || *text.data == ';' || *text.data == '#';
}

/* libinih does not tell of a section without entries, ignores what stands behind its ], and cuts a long name. */
static bool put_section(struct reading *reading, char *to, size_t size, struct part line)
{
    enum { NAME_MAX_BYTES = 40 };
    char name[NAME_MAX_BYTES + 1];
    const char *close = memchr(line.data, ']', line.length);
    if (close == NULL)
        return fail(reading, "CONFIG_SYNTAX");
    struct part inner = trim((struct part){line.data + 1, (size_t)(close - line.data - 1)});
    struct part rest = trim((struct part){close + 1, line.length - (size_t)(close + 1 - line.data)});
    if (inner.length == 0 || !is_comment(rest))
        return fail(reading, "CONFIG_SYNTAX");
    reading->error->most = NAME_MAX_BYTES;
    if (inner.length > NAME_MAX_BYTES)
        return fail(reading, "CONFIG_LINE_TOO_LONG");
    memcpy(name, inner.data, inner.length);
    name[inner.length] = '\0';
    if (!reading->reader->section(reading->reader->context, name, reading->line))
        return fail(reading, NULL);
    return put_line(reading, to, size, (struct part){line.data, (size_t)(close + 1 - line.data)});
}

static bool put_next(struct reading *reading, char *to, size_t size)
{
    struct part whole = next_line(reading);
    if (!cli_text_is_plain(whole.data, whole.length))
        return fail(reading, "CONFIG_NOT_UTF8");
    /* To libinih, a line that begins with a blank is more of the value before it. */
    struct part line = trim(whole);
    if (is_comment(line))
        return put_line(reading, to, size, (struct part){"", 0}); /* it may be as long as it likes */
    return *line.data == '[' ? put_section(reading, to, size, line) : put_line(reading, to, size, line);
}

/* An ini_reader, which takes the place of fgets(). libinih calls it with the same buffer each time. */
static char *on_line(char *to, int size, void *user)
{
    struct reading *reading = user;
    if (!reading->ended && reading->at < reading->end && put_next(reading, to, (size_t)size))
        return to;
    explicit_bzero(to, (size_t)size); /* the last value may be a secret */
    return NULL;
}

/* An ini_handler. */
static int on_entry(void *user, const char *section, const char *name, const char *value)
{
    struct reading *reading = user;
    (void)section; /* told already, and not cut */
    if (!reading->ended && !reading->reader->entry(reading->reader->context, name, value, reading->line))
        fail(reading, NULL);
    return 1;
}

bool cli_ini_read(const char *text, size_t length, const struct cli_ini_reader *reader, struct cli_ini_error *error)
{
    static const char mark[] = "\xEF\xBB\xBF";
    size_t skipped = length >= sizeof mark - 1 && memcmp(text, mark, sizeof mark - 1) == 0 ? sizeof mark - 1 : 0;
    struct reading reading = {.reader = reader, .at = text + skipped, .end = text + length, .error = error};
    *error = (struct cli_ini_error){0};
    int wrong = ini_parse_stream(on_line, &reading, on_entry, &reading);
    /* It counts lines as they are handed out, and goes on behind one that is neither a section nor a name with a value.
     */
    if (wrong > 0 && (!reading.ended || (unsigned)wrong < error->line))
        *error = (struct cli_ini_error){.code = "CONFIG_SYNTAX", .line = (unsigned)wrong};
    if (wrong < 0)
        error->code = "OUT_OF_MEMORY";
    return wrong == 0 && !reading.ended;
}
