/* tests/unit/test_kuroneko_dialect.c: the service's public protocol as requests and answers (src/api/kuroneko), and the
 * XML that it answers with (src/api/flat_xml). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/flat_xml.h"
#include "api/kuroneko.h"
#include "api/kuroneko_form.h"
#include "base/embedded.h"
#include "order/catalog.h"
#include "order/service_codes.h"
#include "scarce_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* 2026-11-29 23:59:58 in Japan */
#define NOW        INT64_C(1795964398)
#define NOW_TEXT   "20261129235958"
#define ACCOUNT    "&ycfStrCode=12345678901&password=abCD1234&requestDate=" NOW_TEXT
#define BASE       "https://api.example.com/kuroneko-atobarai-api"
#define URL(call)  BASE "/" call "APIAction_execute.action"
#define ORDER_ID   "A-1_001"
#define XML(inner) "<?xml version=\"1.0\" encoding=\"UTF-8\"?><return>" inner "</return>"

static const struct api_account account = {BASE "/", "abCD1234", "12345678901"};
static const struct api_call call = {{ORDER_ID, sizeof ORDER_ID - 1}, 3, NOW};
static const struct kuroneko_terms terms = {.ship_days = 10};

static struct api_dialect *dialect;

static int set_up(void **state)
{
    (void)state;
    dialect = api_kuroneko_new(&terms);
    return dialect != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    api_dialect_free(dialect);
    return 0;
}

/* ---- Requests ---- */

static void assert_request(struct transport_request *request, const char *url, const char *body, bool once)
{
    static const char type[] = "Content-Type: application/x-www-form-urlencoded; charset=UTF-8";
    assert_string_equal(request->method, "POST");
    assert_string_equal(request->url, url);
    assert_string_equal(request->headers[0], type);
    assert_null(request->headers[1]);
    assert_string_equal(request->body, body);
    assert_int_equal(request->body_length, strlen(body));
    assert_int_equal(request->once, once);
    assert_null(request->tag);
    struct span said = api_dialect_said(dialect, request);
    assert_true(said.data == request->body && said.length < request->body_length);
    assert_int_equal(strncmp(said.data + said.length, "&ycfStrCode=", 12), 0);
    transport_request_drop(request);
}

static void traits_are_those_of_the_protocol(void **state)
{
    (void)state;
    const struct api_traits *traits = api_dialect_traits(dialect);
    assert_false(traits->keyed);
    assert_true(traits->parcels && traits->reduces);
    assert_int_equal(traits->id_max, 20);
}

static void calls_that_name_an_order_only(void **state)
{
    (void)state;
    struct transport_request request;
    assert_true(api_dialect_cancel(dialect, &account, &call, &request));
    assert_request(&request, URL("KAACL0010"), "orderNo=" ORDER_ID ACCOUNT, true);
    assert_true(api_dialect_ask(dialect, &account, &call, API_ASK_REVIEW, &request));
    assert_request(&request, URL("KAARS0010"), "orderNo=" ORDER_ID ACCOUNT, false);
    assert_true(api_dialect_ask(dialect, &account, &call, API_ASK_STATE, &request));
    assert_request(&request, URL("KAAST0010"), "orderNo=" ORDER_ID ACCOUNT, false);
}

static void base_with_and_without_slash(void **state)
{
    (void)state;
    static const char *const bases[] = {BASE, BASE "/", BASE "//"};
    for (size_t i = 0; i < COUNT(bases); i++) {
        struct transport_request request;
        struct api_account other = account;
        other.url = bases[i];
        assert_true(api_dialect_cancel(dialect, &other, &call, &request));
        assert_request(&request, URL("KAACL0010"), "orderNo=" ORDER_ID ACCOUNT, true);
    }
}

/* An id may come from a ledger, and is encoded whatever it is. */
static void values_are_encoded(void **state)
{
    (void)state;
    static const char id[] = "a b&ycfStrCode=1+%\0é見";
    struct transport_request request;
    struct api_call other = call;
    other.id = (struct span){id, sizeof id - 1};
    assert_true(api_dialect_cancel(dialect, &account, &other, &request));
    assert_request(&request, URL("KAACL0010"), "orderNo=a%20b%26ycfStrCode%3D1%2B%25%00%C3%A9%E8%A6%8B" ACCOUNT, true);
}

static void ship(const struct order_shipment *shipment, size_t parcel, struct transport_request *request)
{
    assert_true(api_dialect_ship(dialect, &account, &call, shipment, parcel, request));
}

static void shipments_parcel_by_parcel(void **state)
{
    (void)state;
    struct transport_request request;
    struct span numbers[] = {{"123456789013", 12}, {"123456789024", 12}};
    struct span carriers[] = {span_of("ヤマト運輸"), span_of("見本運輸")};
    struct order_shipment shipment = {
        .number = numbers[0], .carrier = carriers[0], .numbers = numbers, .carriers = carriers, .number_count = 2};
    ship(&shipment, 0, &request);
    assert_request(&request, URL("KAASL0010"), "orderNo=" ORDER_ID "&paymentNo=123456789013&processDiv=0" ACCOUNT,
                   true);
    ship(&shipment, 1, &request);
    assert_request(&request, URL("KAASL0010"), "orderNo=" ORDER_ID "&paymentNo=123456789024&processDiv=2" ACCOUNT,
                   true);
    shipment.numbers = NULL;
    shipment.number_count = 0;
    ship(&shipment, 0, &request);
    assert_request(&request, URL("KAASL0010"), "orderNo=" ORDER_ID "&paymentNo=123456789013&processDiv=0" ACCOUNT,
                   true);
}

/* ---- Bodies of what is converted already ---- */

#define SPAN(text)                                                                                                     \
    {                                                                                                                  \
        text, sizeof text - 1                                                                                          \
    }
#define MIHON "%E8%A6%8B%E6%9C%AC" /* 見本 */

static const struct kuroneko_order small = {
    .order_date = "20261129",
    .ship_date = "20261209",
    .name = SPAN("見本　太郎"),
    .postal_code = SPAN("0600001"),
    .address1 = SPAN("見本"),
    .phone = SPAN("0900000001"),
    .amount = 900,
    .items = {{.name = SPAN("見本"), .amount = 1000, .unit_price = 500, .quantity = 2},
              {.name = SPAN("値引"), .amount = -100}},
    .item_count = 2,
};

static void assert_body(struct buf *body, const char *expected)
{
    assert_false(body->failed);
    assert_string_equal(buf_text(body), expected);
    buf_free(body);
}

static void bodies_of_a_registration(void **state)
{
    (void)state;
    static const char before[] = "orderNo=" ORDER_ID "&orderYmd=20261129";
    static const char behind[] = "&name=" MIHON "%E3%80%80%E5%A4%AA%E9%83%8E&postCode=0600001&address1=" MIHON
                                 "&telNum=0900000001&totalAmount=900"
                                 "&sendDiv=0&itemName1=" MIHON "&itemCount1=2&unitPrice1=500&subTotal1=1000"
                                 "&itemName2=%E5%80%A4%E5%BC%95&subTotal2=-100";
    struct buf body = {0};
    char expected[1000];
    snprintf(expected, sizeof expected, "%s&shipYmd=20261209%s", before, behind);
    kuroneko_form_id(call.id, &body);
    kuroneko_form_registration(&small, true, &body);
    assert_body(&body, expected);
    /* A day that nobody named does not belong to what is asked for. */
    snprintf(expected, sizeof expected, "%s%s" ACCOUNT "&shipYmd=20261209", before, behind);
    kuroneko_form_id(call.id, &body);
    kuroneko_form_registration(&small, false, &body);
    size_t said = body.length;
    kuroneko_form_account(&account, NOW, small.ship_date, &body);
    assert_int_equal(kuroneko_form_said((struct span){body.data, body.length}).length, said);
    assert_body(&body, expected);
}

static void body_of_a_registration_with_everything(void **state)
{
    (void)state;
    struct kuroneko_order order = small;
    struct buf body = {0};
    struct buf expected = {0};
    order.kana = span_of("ﾐ");
    order.address2 = span_of("２－３");
    order.email = span_of("taro+a@example.com");
    order.amount = 999999;
    order.delivery_kind = 1;
    order.item_count = KURONEKO_ITEMS_MAX;
    order.delivery_count = KURONEKO_DELIVERIES_MAX;
    buf_append_text(&expected, "orderYmd=20261129&shipYmd=20261209&name=" MIHON
                               "%E3%80%80%E5%A4%AA%E9%83%8E&nameKana=%EF%BE%90&postCode=0600001&address1=" MIHON
                               "&address2=%EF%BC%92%EF%BC%8D%EF%BC%93&telNum=0900000001&email=taro%2Ba%40example.com"
                               "&totalAmount=999999&sendDiv=1");
    for (int i = 0; i < KURONEKO_ITEMS_MAX; i++) {
        order.items[i] = (struct kuroneko_item){.name = span_of("x"), .amount = i};
        buf_printf(&expected, "&itemName%d=x&subTotal%d=%d", i + 1, i + 1, i);
    }
    for (int i = 0; i < KURONEKO_DELIVERIES_MAX; i++) {
        char number[4] = "";
        if (i > 0)
            snprintf(number, sizeof number, "%d", i + 1);
        order.deliveries[i] = (struct kuroneko_delivery){.name = span_of("n"),
                                                         .postal_code = span_of("p"),
                                                         .address1 = span_of("a"),
                                                         .address2 = span_of(i == 1 ? "b" : ""),
                                                         .phone = span_of("t")};
        buf_printf(&expected, "&sendName%s=n&sendPostCode%s=p&sendAddress1%s=a%s&sendTelNum%s=t", number, number,
                   number, i == 1 ? "&sendAddress22=b" : "", number);
    }
    kuroneko_form_registration(&order, true, &body);
    assert_body(&body, buf_text(&expected));
    buf_free(&expected);
}

static void body_of_a_reduction(void **state)
{
    (void)state;
    struct buf body = {0};
    struct kuroneko_order order = small;
    order.delivery_kind = 1; /* to whom the invoice goes is another matter */
    order.deliveries[0].name = span_of("n");
    order.delivery_count = 1;
    kuroneko_form_id(call.id, &body);
    kuroneko_form_reduction(&order, &body);
    assert_body(&body,
                "orderNo=" ORDER_ID "&postCode=0600001&address1=" MIHON "&totalAmount=900&sendDiv=0&itemName1=" MIHON
                "&itemCount1=2&unitPrice1=500&subTotal1=1000&itemName2=%E5%80%A4%E5%BC%95&subTotal2=-100");
}

static void bodies_of_parcels(void **state)
{
    (void)state;
    struct buf body = {0};
    kuroneko_form_parcel(KURONEKO_PROCESS_YAMATO, "123456789013", &body);
    assert_body(&body, "paymentNo=123456789013&processDiv=0");
    kuroneko_form_parcel(KURONEKO_PROCESS_YAMATO, "", &body);
    assert_body(&body, "processDiv=0");
    kuroneko_form_parcel(KURONEKO_PROCESS_OTHER, "A-1", &body);
    assert_body(&body, "paymentNo=A-1&processDiv=2");
}

/* From the content on: what the conversion makes of it is the business of its own tests. */
static void orders_go_through_the_conversion(void **state)
{
    (void)state;
    struct order_content content = {0};
    struct transport_request first;
    struct transport_request again;
    struct api_call later = call;
    later.now += 3 * 86400;
    later.generation++;
    content.fields[ORDER_FIELD_BUYER_NAME] = (struct content_value){.kind = CONTENT_TEXT, .text = SPAN("見本")};
    assert_true(api_dialect_register(dialect, &account, &call, &content, &first));
    assert_true(api_dialect_register(dialect, &account, &later, &content, &again));
    assert_string_equal(first.url, URL("KAARA0010"));
    assert_true(first.once && again.once);
    assert_non_null(strstr(first.body, "&name=" MIHON "&"));
    struct span said = api_dialect_said(dialect, &first);
    assert_true(span_equal(said, api_dialect_said(dialect, &again))); /* the same is asked for, three days later */
    assert_string_not_equal(first.body, again.body);
    assert_false(span_contains(said, span_of(account.key)) || span_contains(said, span_of(account.merchant)));
    assert_int_equal(strncmp(first.body + said.length, ACCOUNT, strlen(ACCOUNT)), 0);
    transport_request_drop(&again);
    assert_true(api_dialect_reduce(dialect, &account, &call, &content, &again));
    assert_string_equal(again.url, URL("KAAKK0010"));
    assert_true(again.once);
    assert_int_equal(strncmp(again.body, "orderNo=" ORDER_ID "&", strlen(ORDER_ID) + 9), 0);
    assert_null(strstr(again.body, "shipYmd"));
    transport_request_drop(&again);
    transport_request_drop(&first);
}

/* ---- The account ---- */

static void accounts_that_cannot_be(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        const char *merchant;
        const char *code;
        const char *name;
    } accounts[] = {
        {NULL, "12345678901", "CREDENTIALS_MISSING", "ATOBARAI_API_KEY"},
        {"", "12345678901", "CREDENTIALS_MISSING", "ATOBARAI_API_KEY"},
        {"abCD1234", NULL, "CREDENTIALS_MISSING", "ATOBARAI_MERCHANT_CODE"},
        {"abCD1234", "", "CREDENTIALS_MISSING", "ATOBARAI_MERCHANT_CODE"},
        {"abCD12345", "12345678901", "CREDENTIALS_INVALID", "ATOBARAI_API_KEY"},
        {"abCD-234", "12345678901", "CREDENTIALS_INVALID", "ATOBARAI_API_KEY"},
        {"ab D1234", "12345678901", "CREDENTIALS_INVALID", "ATOBARAI_API_KEY"},
        {"é", "12345678901", "CREDENTIALS_INVALID", "ATOBARAI_API_KEY"},
        {"abCD1234", "1234567890", "CREDENTIALS_INVALID", "ATOBARAI_MERCHANT_CODE"},
        {"abCD1234", "123456789012", "CREDENTIALS_INVALID", "ATOBARAI_MERCHANT_CODE"},
        {"abCD1234", "1234567890A", "CREDENTIALS_INVALID", "ATOBARAI_MERCHANT_CODE"},
        {"abCD1234", "1234567890 ", "CREDENTIALS_INVALID", "ATOBARAI_MERCHANT_CODE"},
    };
    struct error error = {0};
    for (size_t i = 0; i < COUNT(accounts); i++) {
        struct api_account other = {BASE, accounts[i].key, accounts[i].merchant};
        error = (struct error){0};
        assert_false(api_dialect_check_account(dialect, &other, &error));
        assert_int_equal(error.kind, ERROR_CONFIG);
        assert_string_equal(error.code, accounts[i].code);
        assert_string_equal(error.args[0], accounts[i].name);
    }
    struct api_account shortest = {BASE, "a", "00000000000"};
    error = (struct error){0};
    assert_true(api_dialect_check_account(dialect, &account, &error));
    assert_true(api_dialect_check_account(dialect, &shortest, &error));
    assert_null(error.code);
}

/* ---- Answers ---- */

static void read_answer(enum api_operation operation, long status, struct span body, struct api_answer *answer)
{
    struct transport_answer from = {.status = status, .body = body.data, .length = body.length};
    api_dialect_read(dialect, operation, span_of(ORDER_ID), &from, answer);
}

static void assert_accepted(enum api_operation operation, const char *xml, enum order_status status, const char *detail)
{
    struct api_answer answer;
    read_answer(operation, 200, span_of(xml), &answer);
    assert_int_equal(answer.meaning, API_ACCEPTED);
    assert_int_equal(answer.status, status);
    assert_false(answer.replayed || answer.unsure);
    if (detail == NULL)
        assert_null(answer.detail);
    else
        assert_string_equal(answer.detail, detail);
    assert_int_equal(answer.message.length, 0);
    buf_free(&answer.message);
}

static void assert_none(enum api_operation operation, long status, struct span body)
{
    struct api_answer answer;
    read_answer(operation, status, body, &answer);
    if (answer.meaning != API_NO_ANSWER)
        fail_msg("an answer: %ld %.*s", status, (int)(body.length < 200 ? body.length : 200), body.data);
    assert_int_equal(answer.message.length, 0);
    assert_int_equal(answer.status, ORDER_STATUS_NONE);
    buf_free(&answer.message);
}

static void assert_result(enum api_operation operation, const char *result, enum order_status status,
                          const char *detail)
{
    char xml[300];
    snprintf(xml, sizeof xml,
             XML("<returnDate>" NOW_TEXT "</returnDate><ycfStrCode>12345678901</ycfStrCode><orderNo>" ORDER_ID
                 "</orderNo><returnCode>0</returnCode><errorCode></errorCode><result>%s</result>"),
             result);
    if (status == ORDER_STATUS_NONE)
        assert_none(operation, 200, span_of(xml));
    else
        assert_accepted(operation, xml, status, detail);
}

static void results_of_a_review(void **state)
{
    (void)state;
    static const enum api_operation operations[] = {API_REGISTER, API_ASK_REVIEW};
    for (size_t i = 0; i < COUNT(operations); i++) {
        assert_result(operations[i], "0", ORDER_STATUS_AUTH_OK, NULL);
        assert_result(operations[i], "1", ORDER_STATUS_AUTH_NG, NULL);
        assert_result(operations[i], "2", ORDER_STATUS_AUTH_NG, "KURONEKO_LIMIT_EXCEEDED");
        assert_result(operations[i], "3", ORDER_STATUS_AUTH_PENDING, NULL);
        assert_result(operations[i], "4", ORDER_STATUS_NONE, NULL);
        assert_result(operations[i], "", ORDER_STATUS_NONE, NULL);
        assert_result(operations[i], "00", ORDER_STATUS_NONE, NULL);
        assert_result(operations[i], "-1", ORDER_STATUS_NONE, NULL);
        assert_result(operations[i], "0 0", ORDER_STATUS_NONE, NULL);
        assert_result(operations[i], "10", ORDER_STATUS_NONE, NULL);
    }
}

static void results_of_a_state(void **state)
{
    (void)state;
    assert_result(API_ASK_STATE, "1", ORDER_STATUS_AUTH_OK, NULL);
    assert_result(API_ASK_STATE, "2", ORDER_STATUS_CANCEL_OK, NULL);
    assert_result(API_ASK_STATE, "3", ORDER_STATUS_SHIP_OK, NULL);
    assert_result(API_ASK_STATE, "5", ORDER_STATUS_SHIP_OK, "KURONEKO_STATE_INQUIRY");
    assert_result(API_ASK_STATE, "6", ORDER_STATUS_SHIP_OK, "KURONEKO_STATE_ALERTED");
    assert_result(API_ASK_STATE, "10", ORDER_STATUS_SHIP_OK, "KURONEKO_STATE_CONFIRMED");
    assert_result(API_ASK_STATE, "11", ORDER_STATUS_SHIP_OK, "KURONEKO_STATE_INVOICED");
    assert_result(API_ASK_STATE, "12", ORDER_STATUS_SHIP_OK, "KURONEKO_STATE_PAID");
    assert_result(API_ASK_STATE, "30", ORDER_STATUS_AUTH_PENDING, NULL);
    assert_result(API_ASK_STATE, "31", ORDER_STATUS_CANCEL_OK, NULL);
    assert_result(API_ASK_STATE, "32", ORDER_STATUS_AUTH_NG, "KURONEKO_STATE_IMPOSSIBLE");
    static const char *const unknown[] = {"", "0", "4", "7", "8", "9", "13", "29", "33", "100", "1x", "x"};
    for (size_t i = 0; i < COUNT(unknown); i++)
        assert_result(API_ASK_STATE, unknown[i], ORDER_STATUS_NONE, NULL);
}

static void calls_without_a_result(void **state)
{
    (void)state;
    static const char xml[] = XML("<returnCode>0</returnCode>");
    assert_accepted(API_SHIP, xml, ORDER_STATUS_SHIP_OK, NULL);
    assert_accepted(API_CANCEL, xml, ORDER_STATUS_CANCEL_OK, NULL);
    assert_accepted(API_REDUCE, xml, ORDER_STATUS_NONE, NULL);
    assert_none(API_REGISTER, 200, span_of(xml));
    assert_none(API_ASK_REVIEW, 200, span_of(xml));
    assert_none(API_ASK_STATE, 200, span_of(xml));
}

/* What does not matter: the root, the order, blanks, other elements and what is in them, comments, a byte order mark.
 */
static void answers_in_other_clothes(void **state)
{
    (void)state;
    static const char *const same[] = {
        "<x><returnCode>0</returnCode></x>",
        "\xEF\xBB\xBF<x><returnCode>0</returnCode></x>",
        "<?xml version='1.0'?>\r\n<n:x xmlns:n='urn:n' a='1'>\r\n  <returnCode>\r\n 0\t</returnCode>\r\n</n:x>\r\n",
        "<?xml version='1.0' encoding='utf-8' standalone='yes'?><x><returnCode>0</returnCode></x>",
        "<x><errorCode/><returnCode><![CDATA[0]]></returnCode></x>",
        "<x><errorCode>  </errorCode><returnCode>&#x30;</returnCode><!-- <returnCode>1</returnCode> --></x>",
        "<x><new>&amp;<returnCode>1</returnCode><a><b>見本</b></a></new><new/><new/><returnCode>0</returnCode></x>",
        "<x>text<returnCode a='1'>0</returnCode>text<?pi returnCode?></x><!-- behind -->",
        "<x><returnCode>0</returnCode><orderNo/><warning>1</warning><result>9</result></x>",
        "<x><returnCode>0</returnCode><orderNo> " ORDER_ID "\n</orderNo></x>",
    };
    for (size_t i = 0; i < COUNT(same); i++)
        assert_accepted(API_CANCEL, same[i], ORDER_STATUS_CANCEL_OK, NULL);
}

static void answers_that_are_none(void **state)
{
    (void)state;
    static const char *const none[] = {
        "",
        " ",
        "ok",
        "{\"returnCode\":0}",
        "<!DOCTYPE html><html><head><title>503</title></head><body><returnCode>0</returnCode></body></html>",
        "<!DOCTYPE x><x><returnCode>0</returnCode></x>",
        "<html><body><p>returnCode 0</body></html>",
        "<x/>",
        "<returnCode>0</returnCode>",
        "<x><y><returnCode>0</returnCode></y></x>",
        "<x><returncode>0</returncode></x>",
        "<x><n:returnCode xmlns:n='urn:n'>0</n:returnCode></x>",
        "<x><returnCode></returnCode></x>",
        "<x><returnCode>2</returnCode></x>",
        "<x><returnCode>0</returnCode><returnCode>0</returnCode></x>",
        "<x><returnCode>0</returnCode><result/><result/></x>",
        "<x><returnCode><b>0</b></returnCode></x>",
        "<x><returnCode>0<b/></returnCode></x>",
        "<x><returnCode>0</returnCode><orderNo>A-1_002</orderNo></x>", /* another order */
        "<x><returnCode>1</returnCode><errorCode>kaacl009E</errorCode><orderNo>A-1_0010</orderNo></x>",
        "<x><returnCode>1</returnCode></x>", /* a refusal for nothing */
        "<x><returnCode>1</returnCode><errorCode> </errorCode></x>",
        "<x><returnCode>0</returnCode><errorCode>kaacl009E</errorCode></x>", /* yes and no */
        "<x><returnCode>0</returnCode></x><x/>",
        "<x><returnCode>0</returnCode></x>rest",
        "<x><returnCode>0</returnCode></y>",
        "<x><returnCode>0</returnCode>",
        " <?xml version='1.0'?><x><returnCode>0</returnCode></x>",
        "<?xml version='1.0' encoding='Shift_JIS'?><x><returnCode>0</returnCode></x>",
        "<?xml version='1.0' encoding='ISO-8859-1'?><x><returnCode>0</returnCode></x>",
        "<?xml version='1.0' encoding='UTF-16'?><x><returnCode>0</returnCode></x>",
        "<x><name>\x8C\xA9</name><returnCode>0</returnCode></x>", /* 見 in CP932 */
        "<x><returnCode>0</returnCode>\xC0\xBC</x>",
        "<x><returnCode>0</returnCode>&unknown;</x>",
        "<x><returnCode>0</returnCode>&#0;</x>",
        "<x a='1' a='2'><returnCode>0</returnCode></x>",
    };
    for (size_t i = 0; i < COUNT(none); i++)
        assert_none(API_CANCEL, 200, span_of(none[i]));
    static const char nul[] = "<x><returnCode>0</returnCode></x>\0";
    assert_none(API_CANCEL, 200, (struct span){nul, sizeof nul - 1});
    static const char inside[] = "<x><returnCode>0\0</returnCode></x>";
    assert_none(API_CANCEL, 200, (struct span){inside, sizeof inside - 1});
    static const char wide[] = "\xFF\xFE<\0x\0/\0>\0";
    assert_none(API_CANCEL, 200, (struct span){wide, sizeof wide - 1});
    static const long statuses[] = {0, 100, 201, 202, 204, 301, 302, 400, 404, 409, 429, 500, 503};
    for (size_t i = 0; i < COUNT(statuses); i++)
        assert_none(API_CANCEL, statuses[i], span_of("<x><returnCode>0</returnCode></x>"));
}

/* An order's registration cut off at any byte never looks like another answer, nor like one. */
static void truncated_answers_are_none(void **state)
{
    (void)state;
    static const char xml[] = XML("<orderNo>" ORDER_ID "</orderNo><returnCode>0</returnCode><result>12</result>");
    for (size_t length = 0; length < sizeof xml - 1; length++) {
        char *cut = malloc(length + 1);
        assert_non_null(cut);
        memcpy(cut, xml, length);
        cut[length] = '\0';
        assert_none(API_ASK_STATE, 200, (struct span){cut, length});
        free(cut);
    }
    assert_accepted(API_ASK_STATE, xml, ORDER_STATUS_SHIP_OK, "KURONEKO_STATE_PAID");
}

static void repeat(struct buf *text, const char *what, size_t times)
{
    for (size_t i = 0; i < times; i++)
        buf_append_text(text, what);
}

static void assert_none_buf(struct buf *xml)
{
    assert_false(xml->failed);
    assert_none(API_CANCEL, 200, (struct span){buf_text(xml), xml->length});
    buf_free(xml);
}

static void hostile_answers_are_none(void **state)
{
    (void)state;
    struct buf xml = {0};
    buf_append_text(&xml, "<!DOCTYPE l [<!ENTITY l0 \"lol\">");
    for (int i = 1; i < 10; i++) {
        buf_printf(&xml, "<!ENTITY l%d \"", i);
        for (int k = 0; k < 10; k++)
            buf_printf(&xml, "&l%d;", i - 1);
        buf_append_text(&xml, "\">");
    }
    buf_append_text(&xml, "]><l><returnCode>0</returnCode><a>&l9;</a></l>");
    assert_none_buf(&xml);
    buf_append_text(&xml, "<!DOCTYPE l [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><l><errorCode>&e;</errorCode></l>");
    assert_none_buf(&xml);
    buf_append_text(&xml, "<!DOCTYPE l SYSTEM \"http://127.0.0.1:1/l.dtd\"><l><returnCode>0</returnCode></l>");
    assert_none_buf(&xml);
    /* deep */
    buf_append_text(&xml, "<l><returnCode>0</returnCode>");
    repeat(&xml, "<a>", FLAT_XML_DEPTH_MAX);
    repeat(&xml, "</a>", FLAT_XML_DEPTH_MAX);
    buf_append_text(&xml, "</l>");
    assert_none_buf(&xml);
    repeat(&xml, "<a>", 300000);
    assert_none_buf(&xml);
    /* long */
    buf_append_text(&xml, "<l><returnCode>0</returnCode><result>");
    repeat(&xml, "1", FLAT_XML_TEXT_MAX + 1);
    buf_append_text(&xml, "</result></l>");
    assert_none_buf(&xml);
    buf_append_text(&xml, "<l><returnCode>0");
    repeat(&xml, " ", 1000000);
    buf_append_text(&xml, "</returnCode></l>");
    assert_none_buf(&xml);
}

static void large_answers_are_read(void **state)
{
    (void)state;
    struct buf xml = {0};
    buf_append_text(&xml, "<l a=\"");
    repeat(&xml, "a", 100000);
    buf_append_text(&xml, "\"><a>");
    repeat(&xml, "見本", 50000);
    buf_append_text(&xml, "</a>");
    repeat(&xml, "<a>", FLAT_XML_DEPTH_MAX - 1);
    repeat(&xml, "</a>", FLAT_XML_DEPTH_MAX - 1);
    repeat(&xml, "<b/>", 50000);
    buf_append_text(&xml, "<returnCode>");
    repeat(&xml, " ", 100000);
    buf_append_text(&xml, "0</returnCode></l>");
    assert_false(xml.failed);
    assert_accepted(API_CANCEL, buf_text(&xml), ORDER_STATUS_CANCEL_OK, NULL);
    buf_free(&xml);
}

/* ---- Refusals ---- */

static void assert_refused(enum api_operation operation, const char *code, enum api_meaning meaning)
{
    char xml[1000];
    struct api_answer answer;
    snprintf(xml, sizeof xml, XML("<orderNo>" ORDER_ID "</orderNo><returnCode>1</returnCode><errorCode>%s</errorCode>"),
             code);
    read_answer(operation, 200, span_of(xml), &answer);
    if (answer.meaning != meaning)
        fail_msg("%s: %d", code, (int)answer.meaning);
    assert_string_equal(buf_text(&answer.message), meaning == API_NO_ANSWER ? "" : code);
    assert_false(answer.unsure || answer.replayed);
    buf_free(&answer.message);
}

static void refusals_mean_what_their_code_says(void **state)
{
    (void)state;
    assert_refused(API_REGISTER, "kaara021E", API_REFUSED);
    assert_refused(API_REGISTER, "kaara009E", API_CONFLICT);
    assert_refused(API_REGISTER, "kaara002E", API_CREDENTIALS);
    assert_refused(API_REGISTER, "kaara092E", API_CREDENTIALS);
    assert_refused(API_REGISTER, "KAARA092E", API_CREDENTIALS);
    assert_refused(API_REGISTER, "err0001", API_NO_ANSWER);
    assert_refused(API_SHIP, "err0002", API_NO_ANSWER);
    assert_refused(API_ASK_STATE, "err0003", API_NO_ANSWER);
    assert_refused(API_ASK_REVIEW, "kaars008E", API_UNKNOWN);
    assert_refused(API_ASK_STATE, "kaast008E", API_UNKNOWN);
    assert_refused(API_ASK_STATE, "kaast015E", API_CREDENTIALS);
    assert_refused(API_CANCEL, "kaacl008E", API_UNKNOWN);
    assert_refused(API_CANCEL, "kaacl009E", API_CONFLICT);
    assert_refused(API_CANCEL, "kaacl015E", API_REFUSED);
    assert_refused(API_CANCEL, "kaacl017E", API_CREDENTIALS);
    assert_refused(API_SHIP, "kaasl008E", API_UNKNOWN);
    assert_refused(API_SHIP, "kaasl014E", API_REFUSED);
    assert_refused(API_SHIP, "kaasl020E", API_CONFLICT);
    assert_refused(API_SHIP, "kaasl022E", API_CONFLICT);
    assert_refused(API_SHIP, "kaasl041E", API_CREDENTIALS);
    assert_refused(API_REDUCE, "kaakk004E", API_CONFLICT); /* no such option in the contract: registered anew */
    assert_refused(API_REDUCE, "kaakk008E", API_UNKNOWN);
    assert_refused(API_REDUCE, "kaakk009E", API_CONFLICT);
    assert_refused(API_REDUCE, "kaakk011E", API_CONFLICT);
    assert_refused(API_REDUCE, "kaakk050E", API_CONFLICT);
    static const char *const unheard_of[] = {"kaara999E", "kaara", "err0004", "x", "kaara021E,kaara022E", "氏名です"};
    for (size_t i = 0; i < COUNT(unheard_of); i++)
        assert_refused(API_REGISTER, unheard_of[i], API_REFUSED);
}

/* Reducing an order to the amount that it has already: an earlier attempt got there. */
static void reduced_already_is_accepted(void **state)
{
    (void)state;
    struct api_answer answer;
    read_answer(API_REDUCE, 200, span_of(XML("<returnCode>1</returnCode><errorCode>kaakk049E</errorCode>")), &answer);
    assert_int_equal(answer.meaning, API_ACCEPTED);
    assert_true(answer.replayed);
    assert_int_equal(answer.message.length, 0);
    assert_refused(API_REGISTER, "kaakk049E", API_REFUSED);
}

static void credentials_refused_by_http(void **state)
{
    (void)state;
    static const long statuses[] = {401, 403};
    for (size_t i = 0; i < COUNT(statuses); i++) {
        char message[20];
        struct api_answer answer;
        snprintf(message, sizeof message, "HTTP %ld", statuses[i]);
        read_answer(API_REGISTER, statuses[i], span_of(XML("<returnCode>0</returnCode><result>0</result>")), &answer);
        assert_int_equal(answer.meaning, API_CREDENTIALS);
        assert_true(answer.unsure);
        assert_string_equal(buf_text(&answer.message), message);
        buf_free(&answer.message);
    }
}

/* Every detail is a code of the catalogue, and holds no order back. */
static void details_are_in_the_catalogue(void **state)
{
    (void)state;
    struct error error = {0};
    struct catalog *catalog = catalog_parse(span_of(embedded_error_catalog), &error);
    assert_non_null(catalog);
    for (int number = 0; number < 100; number++) {
        static const enum api_operation operations[] = {API_REGISTER, API_ASK_STATE};
        for (size_t i = 0; i < COUNT(operations); i++) {
            char xml[200];
            struct api_answer answer;
            snprintf(xml, sizeof xml, XML("<returnCode>0</returnCode><result>%d</result>"), number);
            read_answer(operations[i], 200, span_of(xml), &answer);
            if (answer.detail == NULL)
                continue;
            const struct catalog_entry *entry = catalog_find(catalog, answer.detail);
            if (entry == NULL || !entry->warning)
                fail_msg("%s is no warning of the catalogue", answer.detail);
        }
    }
    catalog_free(catalog);
}

/* ---- No memory ---- */

static bool build_all(void *context)
{
    struct transport_request request = {0};
    struct order_shipment shipment = {.number = span_of("123456789013"), .carrier = span_of("ヤマト")};
    static const struct order_content content = {0};
    bool made = true;
    for (int i = 0; i < 5 && made; i++) {
        made = i == 0   ? api_dialect_cancel(dialect, &account, &call, &request)
               : i == 1 ? api_dialect_ask(dialect, &account, &call, API_ASK_STATE, &request)
               : i == 2 ? api_dialect_register(dialect, &account, &call, &content, &request)
               : i == 3 ? api_dialect_reduce(dialect, &account, &call, &content, &request)
                        : api_dialect_ship(dialect, &account, &call, &shipment, 0, &request);
        if (!made)
            assert_true(request.url == NULL && request.body == NULL && request.headers[0] == NULL);
        else
            transport_request_drop(&request);
    }
    (void)context;
    return made;
}

static bool make_dialect(void *context)
{
    struct api_dialect *made = api_kuroneko_new(&terms);
    (void)context;
    api_dialect_free(made);
    return made != NULL;
}

/* Without memory an answer is none; it is never another one. */
static bool read_one(void *context)
{
    struct api_answer answer;
    (void)context;
    read_answer(API_ASK_STATE, 200, span_of(XML("<returnCode>0</returnCode><result>3</result>")), &answer);
    assert_true(answer.meaning == API_ACCEPTED || answer.meaning == API_NO_ANSWER);
    return answer.meaning == API_ACCEPTED && answer.status == ORDER_STATUS_SHIP_OK;
}

static void no_memory(void **state)
{
    (void)state;
    bool leaked;
    bool scarce = MEMORY_CAN_BE_SCARCE != 0;
    assert_int_equal(memory_failures(build_all, NULL, &leaked) > 2, scarce);
    assert_false(leaked);
    assert_int_equal(memory_failures(make_dialect, NULL, &leaked) > 0, scarce);
    assert_false(leaked);
    assert_int_equal(memory_failures(read_one, NULL, &leaked) > 2, scarce);
    assert_false(leaked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(traits_are_those_of_the_protocol),
        cmocka_unit_test(calls_that_name_an_order_only),
        cmocka_unit_test(base_with_and_without_slash),
        cmocka_unit_test(values_are_encoded),
        cmocka_unit_test(shipments_parcel_by_parcel),
        cmocka_unit_test(bodies_of_a_registration),
        cmocka_unit_test(body_of_a_registration_with_everything),
        cmocka_unit_test(body_of_a_reduction),
        cmocka_unit_test(bodies_of_parcels),
        cmocka_unit_test(orders_go_through_the_conversion),
        cmocka_unit_test(accounts_that_cannot_be),
        cmocka_unit_test(results_of_a_review),
        cmocka_unit_test(results_of_a_state),
        cmocka_unit_test(calls_without_a_result),
        cmocka_unit_test(answers_in_other_clothes),
        cmocka_unit_test(answers_that_are_none),
        cmocka_unit_test(truncated_answers_are_none),
        cmocka_unit_test(hostile_answers_are_none),
        cmocka_unit_test(large_answers_are_read),
        cmocka_unit_test(refusals_mean_what_their_code_says),
        cmocka_unit_test(reduced_already_is_accepted),
        cmocka_unit_test(credentials_refused_by_http),
        cmocka_unit_test(details_are_in_the_catalogue),
        cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests_name("kuroneko_dialect", tests, set_up, tear_down);
}
