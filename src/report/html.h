/* report/html.h: a page of HTML: elements, texts, links. It knows nothing of orders.
 *
 * A page is one file: its style is in it, nothing comes from elsewhere, and it has no script; its
 * Content-Security-Policy keeps the browser to that. Whatever a text holds, it is shown as a text: markup is escaped,
 * and characters that are not seen, or turn the direction of others, become ones that are seen.
 *
 * Names and classes come from the program. Appending never fails at once: look at `text.failed` in the end. */
#ifndef REPORT_HTML_H
#define REPORT_HTML_H

#include "base/buf.h"
#include "base/span.h"

#include <stdint.h>

enum { HTML_DEPTH_MAX = 16 }; /* elements within each other */

/* Zeros are a page that nobody has begun. */
struct html {
    struct buf text; /* owned: what there is so far */
    const char *open[HTML_DEPTH_MAX];
    size_t depth;
    bool in_tag; /* of the innermost element: attributes may follow */
};

/* The head of the page, and the beginning of its body. `title` may be anything; `style` is CSS of the program. */
void html_begin(struct html *html, const char *language, struct span title, const char *style);

/* The end of the page; every element is closed. */
void html_end(struct html *html);

/* Open an element. `name` is borrowed until it is closed. */
void html_open(struct html *html, const char *name);

/* The same with a class. */
void html_open_class(struct html *html, const char *name, const char *class);

/* Give the element that was just opened an attribute; only directly behind html_open() or another attribute. The value
 * may be anything, but decides nothing: no address comes this way, see html_link(). */
void html_attribute(struct html *html, const char *name, struct span value);
void html_attribute_number(struct html *html, const char *name, int64_t value);

/* Close the innermost element. Elements that have no end, such as br, are not for these functions. */
void html_close(struct html *html);

/* Text within the element, whatever it is: what is no UTF-8 becomes U+FFFD, a control character its picture (U+2400 and
 * on), and one that is not seen or turns the direction of the text its number, such as ‹U+202E›. */
void html_text(struct html *html, struct span text);
void html_number(struct html *html, uint64_t number); /* 12,345 */

/* A text that somebody else chose, such as the name of a file: what direction it has is its own matter. */
void html_foreign(struct html *html, struct span text);

/* An element with a text in it; `class` NULL: none. */
void html_element(struct html *html, const char *name, const char *class, struct span text);

/* A link to a file, named by its path as seen from the page's folder: any bytes, without a scheme whatever they are. */
void html_link(struct html *html, struct span path, struct span text);

/* A text of the program in which addresses that begin with `base` (https://…) become links. */
void html_text_with_links(struct html *html, struct span text, const char *base);

void html_free(struct html *html);

#endif
