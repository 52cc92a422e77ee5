/* tests/fuzz/fuzz_kuroneko.c: any bytes as an answer to each call of the service's public protocol, and as the id of an
 * order that is asked about. What must hold for any input:
 *   - an answer is one of what api/dialect.h has, with a status only where it is accepted, a message only where it is
 *     refused, and a detail that the catalogue has as a warning;
 *   - what is accepted is XML, so it is no answer any more with a byte missing at its end that is no blank;
 *   - a request begins with what is asked for and says nothing of the account there, and every byte of the id comes
 *     back when the form is decoded. */
#include "fuzz.h"

#include "api/kuroneko.h"
#include "base/embedded.h"
#include "order/catalog.h"

static const char order_id[] = "A-1_001";
static const struct api_account account = {"https://api.example.com/kuroneko-atobarai-api/", "Secret99", "12345678901"};

static enum api_meaning read_as(const struct api_dialect *dialect, enum api_operation operation, struct span body,
                                struct api_answer *answer)
{
    struct transport_answer from = {.status = 200, .body = body.data, .length = body.length};
    api_dialect_read(dialect, operation, span_of(order_id), &from, answer);
    return answer->meaning;
}

static void check_parts(const struct catalog *catalog, enum api_operation operation, const struct api_answer *answer)
{
    bool accepted = answer->meaning == API_ACCEPTED;
    bool refused = !accepted && answer->meaning != API_NO_ANSWER;
    FUZZ_CHECK(answer->meaning >= API_ACCEPTED && answer->meaning <= API_NO_ANSWER);
    FUZZ_CHECK((answer->status != ORDER_STATUS_NONE) == (accepted && operation != API_REDUCE));
    FUZZ_CHECK(answer->status < ORDER_STATUSES);
    FUZZ_CHECK((answer->message.length > 0) == refused && answer->message.length <= 255);
    FUZZ_CHECK(!answer->unsure && (!answer->replayed || (accepted && operation == API_REDUCE)));
    FUZZ_CHECK(answer->detail == NULL || accepted);
    if (answer->detail != NULL) {
        const struct catalog_entry *entry = catalog_find(catalog, answer->detail);
        FUZZ_CHECK(entry != NULL && entry->warning);
    }
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static void check_answers(const struct api_dialect *dialect, const struct catalog *catalog, struct span body)
{
    static const enum api_operation operations[] = {API_REGISTER, API_REDUCE,     API_SHIP,
                                                    API_CANCEL,   API_ASK_REVIEW, API_ASK_STATE};
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
        struct api_answer answer;
        struct api_answer cut;
        bool accepted = read_as(dialect, operations[i], body, &answer) == API_ACCEPTED;
        check_parts(catalog, operations[i], &answer);
        if (accepted && body.data[body.length - 1] == '>') /* nothing behind the root but perhaps a comment */
            FUZZ_CHECK(read_as(dialect, operations[i], (struct span){body.data, body.length - 1}, &cut) ==
                       API_NO_ANSWER);
        FUZZ_CHECK(!accepted || body.data[body.length - 1] == '>' || is_blank(body.data[body.length - 1]));
        buf_free(&answer.message);
    }
}

static int hex(char digit)
{
    return digit >= 'A' ? digit - 'A' + 10 : digit - '0';
}

static void check_request(const struct api_dialect *dialect, struct span id)
{
    static const char name[] = "orderNo=";
    struct transport_request request;
    struct buf decoded = {0};
    const struct api_call call = {id, 0, 1795964398};
    FUZZ_CHECK(api_dialect_cancel(dialect, &account, &call, &request));
    struct span said = api_dialect_said(dialect, &request);
    FUZZ_CHECK(said.data == request.body && said.length < request.body_length);
    FUZZ_CHECK(id.length == 0 || memcmp(said.data, name, strlen(name)) == 0);
    for (size_t at = strlen(name); at < said.length; at++) {
        FUZZ_CHECK(said.data[at] > ' ' && said.data[at] < 0x7F && strchr("&=+", said.data[at]) == NULL);
        if (said.data[at] == '%') {
            buf_append_byte(&decoded, (char)(hex(said.data[at + 1]) * 16 + hex(said.data[at + 2])));
            at += 2;
        } else {
            buf_append_byte(&decoded, said.data[at]);
        }
    }
    FUZZ_CHECK(span_equal(fuzz_text(&decoded), id));
    buf_free(&decoded);
    transport_request_drop(&request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct kuroneko_terms terms = {.ship_days = KURONEKO_SHIP_DAYS_DEFAULT};
    static struct catalog *catalog; /* read once: it is large */
    struct error error = {0};
    if (catalog == NULL)
        catalog = catalog_parse(span_of(embedded_error_catalog), &error);
    struct api_dialect *dialect = api_kuroneko_new(&terms);
    char *copy = malloc(size + 1); /* of just that size, so that a sanitizer sees whoever reads beyond it */
    FUZZ_CHECK(catalog != NULL && dialect != NULL && copy != NULL);
    memcpy(copy, data, size);
    copy[size] = '\0';
    check_answers(dialect, catalog, (struct span){copy, size});
    check_request(dialect, (struct span){copy, size});
    free(copy);
    api_dialect_free(dialect);
    return 0;
}
