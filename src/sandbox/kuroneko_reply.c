/* sandbox/kuroneko_reply.c: see kuroneko_reply.h. */
#include "sandbox/kuroneko_reply.h"

#include "base/buf.h"
#include "sandbox/calendar.h"
#include "sandbox/charset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ELEMENTS_MAX = 8 };

enum wording {
    PLAIN,      /* with &lt; and the like where XML needs them */
    CDATA,      /* <![CDATA[…]]> */
    REFERENCES, /* &#49; for every character */
};

/* How a call words its answers. */
static const struct style {
    const char *type;
    const char *head; /* up to the root's start tag and with it */
    const char *foot;
    const char *unknown; /* elements of no meaning; before the others */
    const char *between; /* after each element */
    enum wording wording;
    bool reversed;    /* the last element first */
    bool empty_error; /* errorCode is there, and empty, where there is no error */
    bool echoes;      /* requestDate, too */
} styles[SANDBOX_APIS] = {
    [SANDBOX_KAARA] = {.type = "text/xml; charset=UTF-8",
                       .head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<return>\n",
                       .foot = "</return>\n",
                       .unknown = "",
                       .between = "\n"},
    [SANDBOX_KAARS] = {.type = "application/xml",
                       .head = "<response>",
                       .foot = "</response>",
                       .unknown = "<!-- KAARS --><resultDetail>0</resultDetail>",
                       .between = "",
                       .reversed = true,
                       .empty_error = true,
                       .echoes = true},
    [SANDBOX_KAAST] = {.type = "text/xml;charset=utf-8",
                       .head = "<?xml version='1.0' encoding='utf-8' standalone='yes'?><KAAST0010 version=\"1.1\">",
                       .foot = "</KAAST0010>",
                       .unknown = "<deliveryCode/>",
                       .between = "\r\n\t",
                       .wording = REFERENCES,
                       .echoes = true},
    [SANDBOX_KAASL] = {.type = "text/html; charset=UTF-8",
                       .head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<result_list>\n    ",
                       .foot = "\n</result_list>",
                       .unknown = "<message>出荷情報 &amp; &lt;送り状番号&gt;</message>",
                       .between = "\n    ",
                       .wording = CDATA,
                       .empty_error = true},
    [SANDBOX_KAACL] = {.type = "text/xml",
                       .head = "<?xml version=\"1.0\"?><root><?page none?>",
                       .foot = "</root><!-- end -->",
                       .unknown = "<returnCodeText>-</returnCodeText>",
                       .between = " ",
                       .reversed = true,
                       .wording = CDATA},
    [SANDBOX_KAAKK] = {.type = "application/xml; charset=UTF-8",
                       .head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><return xmlns=\"urn:kaakk\">",
                       .foot = "</return>",
                       .unknown = "<billAmount></billAmount>",
                       .between = "\n",
                       .wording = REFERENCES,
                       .reversed = true,
                       .empty_error = true,
                       .echoes = true},
};

struct element {
    const char *name;
    const char *value;
};

/* `value` holds whatever came; what XML cannot carry becomes a question mark. */
static void put_text(struct buf *xml, const char *value, enum wording wording)
{
    bool in_cdata = wording == CDATA && strstr(value, "]]>") == NULL;
    if (in_cdata)
        buf_append_text(xml, "<![CDATA[");
    for (uint32_t character; *value != '\0';) {
        const char *at = value;
        character = sandbox_utf8_next(&value);
        bool bare = character != '&' && character != '<' && character != '>';
        if (character < ' ' || character == 0x7F || character == 0xFFFE || character == 0xFFFF)
            buf_append_byte(xml, '?');
        else if (wording == REFERENCES || !(bare || in_cdata))
            buf_printf(xml, character % 2 == 0 ? "&#x%X;" : "&#%u;", (unsigned)character);
        else
            buf_append(xml, at, (size_t)(value - at));
    }
    if (in_cdata)
        buf_append_text(xml, "]]>");
}

static void put_element(struct buf *xml, const struct element *element, const struct style *style)
{
    if (*element->value == '\0')
        buf_printf(xml, "<%s/>", element->name);
    else {
        buf_printf(xml, "<%s>", element->name);
        put_text(xml, element->value, style->wording);
        buf_printf(xml, "</%s>", element->name);
    }
    buf_append_text(xml, style->between);
}

void sandbox_kuroneko_reply(struct sandbox_reply *reply, enum sandbox_api api, const struct sandbox_form *form,
                            const struct sandbox_kuroneko_answer *answer, int64_t now)
{
    const struct style *style = &styles[api];
    struct element elements[ELEMENTS_MAX];
    size_t count = 0;
    char moment[SANDBOX_MOMENT_SIZE];
    char result[12];
    char warning[12];
    struct buf xml = {0};
    sandbox_moment_write(now, moment);
    snprintf(result, sizeof result, "%d", answer->result);
    snprintf(warning, sizeof warning, "%d", answer->warning);
    elements[count++] = (struct element){"returnCode", answer->error != NULL ? "1" : "0"};
    if (answer->error != NULL || style->empty_error)
        elements[count++] = (struct element){"errorCode", answer->error != NULL ? answer->error : ""};
    elements[count++] = (struct element){"returnDate", moment};
    if (style->echoes)
        elements[count++] = (struct element){"requestDate", sandbox_form_text(form, SANDBOX_P_REQUESTED)};
    elements[count++] = (struct element){"ycfStrCode", sandbox_form_text(form, SANDBOX_P_MERCHANT)};
    elements[count++] = (struct element){"orderNo", sandbox_form_text(form, SANDBOX_P_ORDER)};
    if (answer->result != SANDBOX_NO_NUMBER)
        elements[count++] = (struct element){"result", result};
    if (answer->warning != SANDBOX_NO_NUMBER)
        elements[count++] = (struct element){"warning", warning};
    buf_append_text(&xml, style->head);
    buf_append_text(&xml, style->unknown);
    for (size_t i = 0; i < count; i++)
        put_element(&xml, &elements[style->reversed ? count - 1 - i : i], style);
    buf_append_text(&xml, style->foot);
    *reply = (struct sandbox_reply){200, buf_take(&xml)};
}

const char *sandbox_kuroneko_type(enum sandbox_api api)
{
    return styles[api].type;
}

void sandbox_kuroneko_page(struct sandbox_reply *reply, unsigned status, const char *message)
{
    struct buf page = {0};
    buf_printf(&page, "<!DOCTYPE html><html><head><title>%u</title></head><body>%s</body></html>", status, message);
    *reply = (struct sandbox_reply){status, buf_take(&page)};
}

void sandbox_kuroneko_tear(struct sandbox_reply *reply)
{
    if (reply->body != NULL)
        reply->body[strlen(reply->body) / 3 * 2] = '\0';
}
