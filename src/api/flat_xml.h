/* api/flat_xml.h: an XML document that is a list of texts: one root of any name, and under it the elements that are
 * asked for, in any order. It may come from anybody, so nothing in it is believed. Pure. */
#ifndef API_FLAT_XML_H
#define API_FLAT_XML_H

#include "base/span.h"

enum {
    FLAT_XML_TEXT_MAX = 255, /* bytes of a text that is asked for */
    FLAT_XML_DEPTH_MAX = 16, /* elements inside one another, the root included */
};

struct flat_xml_text {
    const char *name; /* of the element */
    bool found;
    size_t length;
    char text[FLAT_XML_TEXT_MAX + 1]; /* without blanks around it, and with a NUL */
};

/* Fill in all of `texts` but their names. Other elements are passed over, whatever is in them.
 *
 * False where it is no whole XML document in UTF-8, or has a document type (so no entities of its own either), another
 * encoding or a NUL; where it is nested too deep; where an element that is asked for is there twice, is too long, or
 * has elements in it; and where memory ran out. */
bool flat_xml_read(struct span document, struct flat_xml_text *texts, size_t count);

#endif
