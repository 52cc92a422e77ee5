/* report/html.c: see html.h. */
#include "report/html.h"

#include "text/utf8.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

/* ---- Characters ---- */

enum { STAND_IN_SIZE = 24 }; /* bytes of what stands for a character */

/* Characters that are not seen, or change how their neighbours are: directions, joiners, blanks without width, line
 * ends of Unicode, tags. From and to. */
static bool is_unseen(uint32_t character)
{
    static const uint32_t ranges[][2] = {
        {0x00AD, 0x00AD}, {0x034F, 0x034F},   {0x061C, 0x061C},   {0x115F, 0x1160},
        {0x180B, 0x180F}, {0x200B, 0x200F},   {0x2028, 0x202E},   {0x2060, 0x206F},
        {0x3164, 0x3164}, {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0},   {0xFFF0, 0xFFFB},
        {0xFFFE, 0xFFFF}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE00FF},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (character >= ranges[i][0] && character <= ranges[i][1])
            return true;
    return false;
}

/* What stands for `character`; NULL: itself. `made` holds what is made for it. */
static const char *stand_in(uint32_t character, char made[STAND_IN_SIZE])
{
    switch (character) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        break;
    }
    if (character < 0x20 || character == 0x7F) { /* their pictures are in this order */
        snprintf(made, STAND_IN_SIZE, "&#x%X;", (unsigned)(character < 0x20 ? 0x2400 + character : 0x2421));
        return made;
    }
    if (is_unseen(character) || (character >= 0x80 && character < 0xA0)) {
        snprintf(made, STAND_IN_SIZE, "‹U+%04X›", (unsigned)character);
        return made;
    }
    return NULL;
}

static void put_escaped(struct buf *out, struct span text)
{
    size_t plain = 0; /* where what is not yet written begins */
    char made[STAND_IN_SIZE];
    for (size_t at = 0, size = 0; at < text.length; at += size) {
        uint32_t character = utf8_decode((struct span){text.data + at, text.length - at}, &size);
        const char *instead = stand_in(character, made);
        bool invalid = character == UTF8_INVALID;
        if (instead == NULL && !invalid)
            continue;
        buf_append(out, text.data + plain, at - plain);
        if (invalid)
            utf8_encode(UTF8_INVALID, out);
        else
            buf_append_text(out, instead);
        plain = at + size;
    }
    if (plain < text.length)
        buf_append(out, text.data + plain, text.length - plain);
}

/* ---- Elements ---- */

/* The tag that attributes could still be given is complete. */
static void end_tag(struct html *html)
{
    if (html->in_tag)
        buf_append_byte(&html->text, '>');
    html->in_tag = false;
}

void html_open(struct html *html, const char *name)
{
    assert(html->depth < HTML_DEPTH_MAX);
    end_tag(html);
    html->open[html->depth++] = name;
    buf_append_byte(&html->text, '<');
    buf_append_text(&html->text, name);
    html->in_tag = true;
}

void html_open_class(struct html *html, const char *name, const char *class)
{
    html_open(html, name);
    html_attribute(html, "class", span_of(class));
}

void html_attribute(struct html *html, const char *name, struct span value)
{
    assert(html->in_tag);
    buf_append_byte(&html->text, ' ');
    buf_append_text(&html->text, name);
    buf_append_text(&html->text, "=\"");
    put_escaped(&html->text, value);
    buf_append_byte(&html->text, '"');
}

void html_attribute_number(struct html *html, const char *name, int64_t value)
{
    char number[24];
    snprintf(number, sizeof number, "%" PRId64, value);
    html_attribute(html, name, span_of(number));
}

/* Whether a line of the file may end behind the element: what is looked at in lines is read more easily. */
static bool is_block(const char *name)
{
    static const char *const names[] = {"tr", "section", "table", "li", "p", "h1", "h2", "h3", "dl", "g", "svg", "div"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

void html_close(struct html *html)
{
    assert(html->depth > 0);
    end_tag(html);
    const char *name = html->open[--html->depth];
    buf_append_text(&html->text, "</");
    buf_append_text(&html->text, name);
    buf_append_text(&html->text, is_block(name) ? ">\n" : ">");
}

void html_text(struct html *html, struct span text)
{
    end_tag(html);
    put_escaped(&html->text, text);
}

void html_number(struct html *html, uint64_t number)
{
    char digits[24];
    size_t length = (size_t)snprintf(digits, sizeof digits, "%" PRIu64, number);
    end_tag(html);
    for (size_t i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            buf_append_byte(&html->text, ',');
        buf_append_byte(&html->text, digits[i]);
    }
}

void html_foreign(struct html *html, struct span text)
{
    html_element(html, "bdi", NULL, text);
}

void html_element(struct html *html, const char *name, const char *class, struct span text)
{
    html_open(html, name);
    if (class != NULL)
        html_attribute(html, "class", span_of(class));
    html_text(html, text);
    html_close(html);
}

/* ---- Links ---- */

/* `path` as an address: all but letters, digits and -._~/ percent-encoded. */
static void put_address(struct buf *out, struct span path)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
    if (path.length > 0 && path.data[0] == '/') /* two of them would begin the name of a host */
        buf_append_text(out, "/.");
    for (size_t i = 0; i < path.length; i++) {
        char byte = path.data[i];
        if (byte != '\0' && strchr(plain, byte) != NULL)
            buf_append_byte(out, byte);
        else
            buf_printf(out, "%%%02X", (unsigned)(unsigned char)byte);
    }
}

void html_link(struct html *html, struct span path, struct span text)
{
    html_open(html, "a");
    buf_append_text(&html->text, " href=\"");
    put_address(&html->text, path);
    buf_append_byte(&html->text, '"');
    html_foreign(html, text);
    html_close(html);
}

/* How many bytes of `text` are an address. */
static size_t address_length(struct span text)
{
    static const char bytes[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/:#";
    size_t length = 0;
    while (length < text.length && text.data[length] != '\0' && strchr(bytes, text.data[length]) != NULL)
        length++;
    return length;
}

void html_text_with_links(struct html *html, struct span text, const char *base)
{
    while (text.length > 0) {
        const char *found = memmem(text.data, text.length, base, strlen(base));
        size_t before = found != NULL ? (size_t)(found - text.data) : text.length;
        html_text(html, (struct span){text.data, before});
        text = (struct span){text.data + before, text.length - before};
        size_t length = found != NULL ? address_length(text) : 0;
        if (length == 0)
            continue;
        html_open(html, "a");
        html_attribute(html, "href", (struct span){text.data, length});
        html_attribute(html, "rel", span_of("noreferrer"));
        html_text(html, (struct span){text.data, length});
        html_close(html);
        text = (struct span){text.data + length, text.length - length};
    }
}

/* ---- The page ---- */

void html_begin(struct html *html, const char *language, struct span title, const char *style)
{
    buf_append_text(&html->text, "<!DOCTYPE html>\n");
    html_open(html, "html");
    html_attribute(html, "lang", span_of(language));
    end_tag(html);
    buf_append_text(&html->text, "\n<head>\n<meta charset=\"utf-8\">\n"
                                 "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
                                 "'unsafe-inline'; img-src data:\">\n"
                                 "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                                 "<meta name=\"color-scheme\" content=\"light dark\">\n"
                                 "<meta name=\"referrer\" content=\"no-referrer\">\n"
                                 "<meta name=\"format-detection\" content=\"telephone=no\">\n");
    html_element(html, "title", NULL, title);
    buf_append_text(&html->text, "\n<style>\n");
    buf_append_text(&html->text, style);
    buf_append_text(&html->text, "</style>\n</head>\n");
    html_open(html, "body");
    end_tag(html);
    buf_append_byte(&html->text, '\n');
}

void html_end(struct html *html)
{
    assert(html->depth == 2);
    html_close(html);
    buf_append_byte(&html->text, '\n');
    html_close(html);
    buf_append_byte(&html->text, '\n');
}

void html_free(struct html *html)
{
    buf_free(&html->text);
}
