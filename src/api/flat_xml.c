/* api/flat_xml.c: see flat_xml.h. */
#include "api/flat_xml.h"

#include <expat.h>
#include <limits.h>
#include <strings.h>

struct reading {
    XML_Parser parser;
    struct flat_xml_text *texts;
    size_t count;
    struct flat_xml_text *open; /* the one that is being read; NULL: none is */
    size_t depth;               /* elements that are open */
};

static void stop(const struct reading *reading)
{
    XML_StopParser(reading->parser, XML_FALSE);
}

static void XMLCALL declared(void *context, const XML_Char *version, const XML_Char *encoding, int standalone)
{
    (void)version;
    (void)standalone;
    if (encoding != NULL && strcasecmp(encoding, "UTF-8") != 0)
        stop(context);
}

static void XMLCALL typed(void *context, const XML_Char *name, const XML_Char *system, const XML_Char *public, int has)
{
    (void)name;
    (void)system;
    (void)public;
    (void)has;
    stop(context);
}

static struct flat_xml_text *text_of(const struct reading *reading, const char *name)
{
    for (size_t i = 0; i < reading->count; i++)
        if (strcmp(reading->texts[i].name, name) == 0)
            return &reading->texts[i];
    return NULL;
}

static void XMLCALL opened(void *context, const XML_Char *name, const XML_Char **attributes)
{
    struct reading *reading = context;
    (void)attributes;
    reading->depth++;
    if (reading->depth > FLAT_XML_DEPTH_MAX || reading->open != NULL) {
        stop(reading);
    } else if (reading->depth == 2) {
        reading->open = text_of(reading, name);
        if (reading->open != NULL && reading->open->found)
            stop(reading);
        else if (reading->open != NULL)
            reading->open->found = true;
    }
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static void XMLCALL closed(void *context, const XML_Char *name)
{
    struct reading *reading = context;
    struct flat_xml_text *text = reading->open;
    (void)name;
    reading->depth--;
    reading->open = NULL;
    while (text != NULL && text->length > 0 && is_blank(text->text[text->length - 1]))
        text->text[--text->length] = '\0';
}

static void XMLCALL filled(void *context, const XML_Char *bytes, int length)
{
    struct reading *reading = context;
    struct flat_xml_text *text = reading->open;
    for (int i = 0; text != NULL && i < length; i++) {
        if (text->length == 0 && is_blank(bytes[i]))
            continue;
        if (text->length == FLAT_XML_TEXT_MAX) {
            stop(reading);
            return;
        }
        text->text[text->length++] = bytes[i];
    }
}

static bool parse(struct reading *reading, struct span document)
{
    XML_SetUserData(reading->parser, reading);
    XML_SetXmlDeclHandler(reading->parser, declared);
    XML_SetStartDoctypeDeclHandler(reading->parser, typed);
    XML_SetElementHandler(reading->parser, opened, closed);
    XML_SetCharacterDataHandler(reading->parser, filled);
    return XML_Parse(reading->parser, document.data, (int)document.length, XML_TRUE) == XML_STATUS_OK;
}

bool flat_xml_read(struct span document, struct flat_xml_text *texts, size_t count)
{
    struct reading reading = {.texts = texts, .count = count};
    for (size_t i = 0; i < count; i++)
        texts[i] = (struct flat_xml_text){.name = texts[i].name};
    /* A NUL is no character of XML; without one it cannot be UTF-16 either, which expat would follow by itself. */
    if (document.length == 0 || document.length > INT_MAX || memchr(document.data, '\0', document.length) != NULL)
        return false;
    reading.parser = XML_ParserCreate("UTF-8");
    bool read = reading.parser != NULL && parse(&reading, document);
    XML_ParserFree(reading.parser);
    return read;
}
