/* tests/unit/test_sandbox_kuroneko.c: the pure parts of the simulated service that the dialect kuroneko and HTTPS need.
 * Its calls, over real sockets: tests/e2e/test_sandbox_kuroneko.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "sandbox/calendar.h"
#include "sandbox/certificate.h"
#include "sandbox/charset.h"
#include "sandbox/faults.h"
#include "sandbox/form.h"
#include "sandbox/kuroneko_orders.h"
#include "sandbox/kuroneko_reply.h"
#include "sandbox/kuroneko_rules.h"
#include "sandbox/route.h"
#include "sandbox/sandbox.h"

#include <microhttpd.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- The calendar ---- */

static void days_are_counted_as_the_system_counts_them(void **state)
{
    (void)state;
    char text[SANDBOX_MOMENT_SIZE];
    int64_t expected = 0;
    for (time_t at = 0; at < (time_t)40000 * 86400; at += 86400, expected++) { /* to 2079 */
        struct tm parts;
        assert_non_null(gmtime_r(&at, &parts));
        assert_int_equal(strftime(text, sizeof text, "%Y%m%d", &parts), 8);
        assert_int_equal(sandbox_day_of(text), expected);
    }
    static const char *const none[] = {"",         "2026110",  "202611011", "20260229", "21000229",
                                       "20261301", "20260001", "20261100",  "20261131", "2026-1-1",
                                       "x0261101", "19691231", "2026110x"};
    for (size_t i = 0; i < COUNT(none); i++)
        assert_int_equal(sandbox_day_of(none[i]), SANDBOX_NO_DAY);
    assert_true(sandbox_day_of("20000229") > 0);
}

static void moments_are_japans(void **state)
{
    (void)state;
    char text[SANDBOX_MOMENT_SIZE];
    int64_t midnight = INT64_C(1793458800); /* 2026-11-01 00:00:00 in Japan */
    sandbox_moment_write(midnight - 1, text);
    assert_string_equal(text, "20261031235959");
    sandbox_moment_write(midnight, text);
    assert_string_equal(text, "20261101000000");
    assert_int_equal(sandbox_day_at(midnight), sandbox_day_of("20261101"));
    assert_int_equal(sandbox_day_at(midnight - 1), sandbox_day_of("20261031"));
    assert_true(sandbox_is_moment("20261101235959"));
    static const char *const none[] = {"20261101240000", "20261101006000",  "20261101000060", "20261131000000",
                                       "2026110100000",  "202611010000000", "2026110100000x"};
    for (size_t i = 0; i < COUNT(none); i++)
        assert_false(sandbox_is_moment(none[i]));
}

/* ---- Characters ---- */

static void full_width_is_the_two_byte_set(void **state)
{
    (void)state;
    struct sandbox_charset *charset = sandbox_charset_new();
    assert_non_null(charset);
    const char *full = "　亜あアＡａ１①㈱髙﨑～－∥￠￡￢Ｖⅷ纊";
    for (uint32_t character; (character = sandbox_utf8_next(&full)) != 0;) {
        assert_true(sandbox_is_full(charset, character));
        assert_false(sandbox_is_half(character));
    }
    const char *half = " A~\\ｱﾞ｡¥‾";
    for (uint32_t character; (character = sandbox_utf8_next(&half)) != 0;) {
        assert_false(sandbox_is_full(charset, character));
        assert_true(sandbox_is_half(character));
    }
    const char *neither = "〜−‖é😀𠮷鷗\xee\x80\x80"; /* the last one is U+E000, which users define themselves */
    for (uint32_t character; (character = sandbox_utf8_next(&neither)) != 0;) {
        assert_false(sandbox_is_full(charset, character));
        assert_false(sandbox_is_half(character));
    }
    const char *words = "Az09-_ｱﾞあア一々Ａ９－＿﨑";
    for (uint32_t character; (character = sandbox_utf8_next(&words)) != 0;)
        assert_true(sandbox_is_word(charset, character));
    const char *signs = " .｡、①～😀";
    for (uint32_t character; (character = sandbox_utf8_next(&signs)) != 0;)
        assert_false(sandbox_is_word(charset, character));
    assert_int_equal(sandbox_utf8_count("aあ😀"), 3);
    sandbox_charset_free(charset);
}

/* ---- Forms ---- */

static void forms_are_decoded(void **state)
{
    (void)state;
    struct sandbox_form form;
    const char *body = "orderNo=A%2d1&itemName1=%e5%93%81+1&itemName10=x&sendName=y&sendName2=z&sendAddress110=w&name=";
    assert_true(sandbox_form_parse(&form, SANDBOX_KAARA, body, strlen(body)));
    assert_string_equal(sandbox_form_text(&form, SANDBOX_P_ORDER), "A-1");
    assert_string_equal(form.values[SANDBOX_P_ITEM_NAME][0], "品 1");
    assert_string_equal(form.values[SANDBOX_P_ITEM_NAME][9], "x");
    assert_string_equal(form.values[SANDBOX_P_SEND_NAME][0], "y");
    assert_string_equal(form.values[SANDBOX_P_SEND_NAME][1], "z");
    assert_string_equal(form.values[SANDBOX_P_SEND_ADDRESS1][9], "w");
    assert_string_equal(form.values[SANDBOX_P_NAME][0], "");
    assert_null(form.values[SANDBOX_P_KANA][0]);
    assert_string_equal(sandbox_form_text(&form, SANDBOX_P_KANA), "");
    sandbox_form_free(&form);
}

static void forms_that_are_none_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "x=1",
        "orderNo",
        "orderNo=1&orderNo=1",
        "orderNo=%",
        "orderNo=%4",
        "orderNo=%zz",
        "orderNo=%00",
        "orderNo=%82",
        "itemName=1",
        "itemName0=1",
        "itemName11=1",
        "sendName1=1",
        "sendName11=1",
        "orderNo2=1",
        "=1",
        "&orderNo=1",
        "orderNo=1&&password=x",
        "order%00No=1",
        "paymentNo=1",
        "orderNo=\xc0\xaf",
        "orderNo%=1",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct sandbox_form form;
        assert_false(sandbox_form_parse(&form, SANDBOX_KAARA, bad[i], strlen(bad[i])));
        sandbox_form_free(&form);
    }
    struct sandbox_form form;
    assert_false(sandbox_form_parse(&form, SANDBOX_KAARA, "orderNo=1\0", 10));
    sandbox_form_free(&form);
    assert_true(sandbox_form_parse(&form, SANDBOX_KAARA, "", 0));
    sandbox_form_free(&form);
}

/* ---- Rules, where the clock decides ---- */

/* What the rules say to a registration that asks for shipment on `day`, at `now`. */
static const char *ship_day_verdict(const struct sandbox_charset *charset, const char *day, int64_t now)
{
    const struct sandbox_kuroneko_facts facts = {.known = false};
    struct sandbox_form form;
    struct buf body = {0};
    buf_printf(&body,
               "ycfStrCode=12345678901&password=a&requestDate=20261101000000&orderNo=1&orderYmd=20261101&shipYmd=%s"
               "&name=見本&postCode=1234567&address1=東京都１&telNum=0312345678&totalAmount=1&sendDiv=0"
               "&itemName1=品&subTotal1=1",
               day);
    bool sound = sandbox_form_parse(&form, SANDBOX_KAARA, buf_text(&body), body.length);
    const char *code = sandbox_kuroneko_check(charset, SANDBOX_KAARA, &form, sound, &facts, now);
    sandbox_form_free(&form);
    buf_free(&body);
    return code != NULL ? code : "";
}

static void shipping_is_within_90_days_of_japans_today(void **state)
{
    (void)state;
    struct sandbox_charset *charset = sandbox_charset_new();
    int64_t midnight = INT64_C(1793458800); /* 2026-11-01 00:00:00 in Japan; 90 days later is 2027-01-30 */
    assert_string_equal(ship_day_verdict(charset, "20261101", midnight), "");
    assert_string_equal(ship_day_verdict(charset, "20270130", midnight), "");
    assert_string_equal(ship_day_verdict(charset, "20270130", midnight - 1), "kaara018E");
    assert_string_equal(ship_day_verdict(charset, "20270131", midnight + 86399), "kaara018E");
    assert_string_equal(ship_day_verdict(charset, "20270131", midnight + 86400), "");
    assert_string_equal(ship_day_verdict(charset, "20261031", midnight), "kaara100E");
    sandbox_charset_free(charset);
}

/* ---- Routes and faults ---- */

static void routes_know_the_six_calls(void **state)
{
    (void)state;
    for (int api = 0; api < SANDBOX_APIS; api++) {
        struct buf path = {0};
        buf_printf(&path, "/kuroneko-atobarai-api/%sAPIAction_execute.action", sandbox_api_name((enum sandbox_api)api));
        struct sandbox_route route = sandbox_route_of(buf_text(&path));
        assert_int_equal(route.call, SANDBOX_CALL_KURONEKO);
        assert_int_equal(route.api, api);
        assert_true(route.kuroneko);
        buf_free(&path);
    }
    assert_int_equal(sandbox_route_of("/kuroneko-atobarai-api/_stats").call, SANDBOX_CALL_KURONEKO_STATS);
    static const char *const unknown[] = {"",        "KAARA0010", "KAASD0010APIAction_execute.action",
                                          "_stats/", "v1/orders", "KAARA0010APIAction_execute.action/"};
    for (size_t i = 0; i < COUNT(unknown); i++) {
        struct buf path = {0};
        buf_printf(&path, "/kuroneko-atobarai-api/%s", unknown[i]);
        assert_int_equal(sandbox_route_of(buf_text(&path)).call, SANDBOX_CALL_UNKNOWN);
        assert_true(sandbox_route_of(buf_text(&path)).kuroneko);
        buf_free(&path);
    }
    assert_false(sandbox_route_of("/v1/orders").kuroneko);
}

static void exceptions_change_no_other_fault(void **state)
{
    (void)state;
    enum { DRAWS = 20000 };
    const struct sandbox_faults without = {.reset = 0.1, .slow = 0.2};
    const struct sandbox_faults with = {.reset = 0.1, .slow = 0.2, .exception = 0.5};
    int exceptions = 0;
    int heads = 0;
    for (uint64_t i = 0; i < DRAWS; i++) {
        enum sandbox_fault before = sandbox_fault_draw(&without, 1, i);
        enum sandbox_fault after = sandbox_fault_draw(&with, 1, i);
        assert_true(before == after || (before == SANDBOX_FAULT_NONE && after == SANDBOX_FAULT_EXCEPTION));
        exceptions += after == SANDBOX_FAULT_EXCEPTION;
        heads += after == SANDBOX_FAULT_EXCEPTION && sandbox_fault_coin(1, i);
    }
    assert_in_range(exceptions, 6900, 7500); /* half of what the others leave: 7200 */
    assert_in_range(heads, exceptions / 2 - 300, exceptions / 2 + 300);
}

/* ---- Answers ---- */

static void answers_can_be_torn(void **state)
{
    (void)state;
    const struct sandbox_form form = {.bytes = NULL};
    const struct sandbox_kuroneko_answer answer = {NULL, 0, SANDBOX_NO_NUMBER};
    for (int api = 0; api < SANDBOX_APIS; api++) {
        struct sandbox_reply reply = {0};
        sandbox_kuroneko_reply(&reply, (enum sandbox_api)api, &form, &answer, 0);
        size_t length = strlen(reply.body);
        assert_int_equal(reply.status, 200);
        sandbox_kuroneko_tear(&reply);
        assert_true(strlen(reply.body) > 0 && strlen(reply.body) < length);
        sandbox_reply_free(&reply);
    }
}

/* ---- The order table: a file of another's ---- */

static void orders_load_their_newest_line(void **state)
{
    (void)state;
    struct sandbox_kuroneko *kuroneko = sandbox_kuroneko_new();
    struct sandbox_kuroneko_record record = {
        .number = "1",
        .stage = SANDBOX_STAGE_SHIPPED,
        .card = sandbox_kuroneko_card_of(""),
        .ordered = 20000,
        .first_amount = 100,
        .amount = 90,
        .parcels = "123456789013,200000000001",
    };
    static const char body[] = "ycfStrCode=12345678901&password=a&requestDate=20261101000000&orderNo=1";
    struct sandbox_reply reply = {0};
    assert_true(sandbox_kuroneko_load(kuroneko, &record));
    record.stage = SANDBOX_STAGE_CANCELLED;
    record.parcels = "";
    assert_true(sandbox_kuroneko_load(kuroneko, &record));
    assert_int_equal(sandbox_kuroneko_counts(kuroneko).registered, 1);
    sandbox_kuroneko_call(kuroneko, SANDBOX_KAACL, body, strlen(body), 0, &reply);
    assert_non_null(strstr(reply.body, "kaacl009E"));
    sandbox_reply_free(&reply);
    sandbox_kuroneko_free(kuroneko);
}

/* ---- Certificates ---- */

static X509 *certificate_read(BIO *bio)
{
    X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    assert_non_null(certificate);
    return certificate;
}

static void certificates_are_signed_by_their_authority(void **state)
{
    (void)state;
    struct sandbox_certificate made;
    struct sandbox_certificate again;
    assert_true(sandbox_certificate_make(&made));
    assert_true(sandbox_certificate_make(&again));
    assert_string_not_equal(made.key, again.key);
    assert_string_not_equal(made.authority, again.authority);
    BIO *chain = BIO_new_mem_buf(made.chain, -1);
    BIO *other = BIO_new_mem_buf(again.authority, -1);
    BIO *secret = BIO_new_mem_buf(made.key, -1);
    X509 *server = certificate_read(chain);
    X509 *authority = certificate_read(chain);
    X509 *stranger = certificate_read(other);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(secret, NULL, NULL, NULL);
    assert_non_null(key);
    assert_int_equal(X509_verify(server, X509_get0_pubkey(authority)), 1);
    assert_int_not_equal(X509_verify(server, X509_get0_pubkey(stranger)), 1);
    assert_int_equal(X509_check_private_key(server, key), 1);
    assert_int_equal(X509_check_ip_asc(server, "127.0.0.1", 0), 1);
    assert_int_equal(X509_check_host(server, "localhost", 0, 0, NULL), 1);
    assert_int_equal(X509_check_host(server, "example.com", 0, 0, NULL), 0);
    assert_int_equal(X509_check_ca(server), 0);
    assert_int_equal(X509_check_ca(authority), 1);
    assert_true(X509_cmp_current_time(X509_get0_notBefore(server)) < 0);
    assert_true(X509_cmp_current_time(X509_get0_notAfter(server)) > 0);
    assert_null(strstr(made.authority, "PRIVATE"));
    assert_null(strstr(made.chain, "PRIVATE"));
    EVP_PKEY_free(key);
    X509_free(stranger);
    X509_free(authority);
    X509_free(server);
    BIO_free(secret);
    BIO_free(other);
    BIO_free(chain);
    sandbox_certificate_free(&again);
    sandbox_certificate_free(&made);
    sandbox_certificate_free(&made);
}

static void server_speaks_https_or_says_why_not(void **state)
{
    (void)state;
    const struct sandbox_options options = {.tls = true};
    struct error error = {0};
    struct sandbox *sandbox = sandbox_start(&options, &error);
    if (MHD_is_feature_supported(MHD_FEATURE_TLS) != MHD_YES) {
        assert_null(sandbox);
        assert_int_equal(error.kind, ERROR_CONFIG);
        assert_string_equal(error.code, "SANDBOX_NO_TLS");
        return;
    }
    assert_non_null(sandbox);
    assert_memory_equal(sandbox_url(sandbox), "https://", 8);
    assert_memory_equal(sandbox_kuroneko_url(sandbox), "https://", 8);
    assert_memory_equal(sandbox_authority(sandbox), "-----BEGIN CERTIFICATE-----", 27);
    sandbox_stop(sandbox);
    const struct sandbox_options plain = {.tls = false};
    sandbox = sandbox_start(&plain, &error);
    assert_non_null(sandbox);
    assert_null(sandbox_authority(sandbox));
    sandbox_stop(sandbox);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_are_counted_as_the_system_counts_them),
        cmocka_unit_test(moments_are_japans),
        cmocka_unit_test(full_width_is_the_two_byte_set),
        cmocka_unit_test(forms_are_decoded),
        cmocka_unit_test(forms_that_are_none_are_refused),
        cmocka_unit_test(shipping_is_within_90_days_of_japans_today),
        cmocka_unit_test(routes_know_the_six_calls),
        cmocka_unit_test(exceptions_change_no_other_fault),
        cmocka_unit_test(answers_can_be_torn),
        cmocka_unit_test(orders_load_their_newest_line),
        cmocka_unit_test(certificates_are_signed_by_their_authority),
        cmocka_unit_test(server_speaks_https_or_says_why_not),
    };
    return cmocka_run_group_tests_name("sandbox_kuroneko", tests, NULL, NULL);
}
