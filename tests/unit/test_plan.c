/* tests/unit/test_plan.c: the state machine of the five operations, as docs/ledger.md draws it: every status, every
 * operation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "run/plan.h"

enum { NEW, REFUSED_BEFORE, KNOWN }; /* not in the ledger; its registration was refused; the service has it */

struct plan_case {
    int how;
    enum order_status status;
    const char *expected[5]; /* register, ship, cancel, status, reregister */
};

/* A step, or the code of an end; "-" is an end without one; behind a / stands what kind of an end it is. */
static const char *words(const struct plan *plan, char *text, size_t size)
{
    static const char *const steps[] = {[PLAN_REGISTER] = "REGISTER",
                                        [PLAN_SHIP] = "SHIP",
                                        [PLAN_CANCEL] = "CANCEL",
                                        [PLAN_REDUCE] = "REDUCE",
                                        [PLAN_ASK] = "ASK"};
    static const char *const ends[] = {[PLAN_INVALID] = "invalid", [PLAN_REFUSED] = "refused", [PLAN_DONE] = "done"};
    if (plan->step > PLAN_DONE)
        snprintf(text, size, "%s%s", steps[plan->step], plan->next_issue ? "+" : "");
    else
        snprintf(text, size, "%s/%s", plan->code != NULL ? plan->code : "-", ends[plan->step]);
    return text;
}

static struct ledger_order order_in(int how, enum order_status status)
{
    struct ledger_order order = {.known = how != NEW, .issue = 1, .registered = how == KNOWN, .status = status};
    return order;
}

static void check(const struct plan_facts *facts, const char *expected)
{
    char text[64];
    struct plan plan = plan_next(facts);
    assert_string_equal(words(&plan, text, sizeof text), expected);
    if (plan.step > PLAN_DONE)
        assert_non_null(plan.why);
}

static const enum atobarai_operation operations[] = {ATOBARAI_REGISTER, ATOBARAI_SHIP, ATOBARAI_CANCEL, ATOBARAI_STATUS,
                                                     ATOBARAI_REREGISTER};

/* An order whose content and shipment are as they were reported. */
static void plan_of_every_status(void **state)
{
    static const struct plan_case cases[] = {
        {NEW,
         ORDER_STATUS_NONE,
         {"REGISTER", "NOT_REGISTERED/invalid", "NOT_REGISTERED/invalid", "NOT_REGISTERED/invalid",
          "NOT_REGISTERED/invalid"}},
        {REFUSED_BEFORE,
         ORDER_STATUS_AUTH_FAILED,
         {"REGISTER", "SHIP_NOT_ALLOWED/invalid", "NOT_REGISTERED/invalid", "REGISTRATION_NOT_DONE/invalid",
          "REGISTER"}},
        {KNOWN,
         ORDER_STATUS_AUTH_OK,
         {"-/done", "SHIP", "CANCEL", "STATUS_NOT_PENDING/done", "REREGISTER_NOT_NEEDED/done"}},
        {KNOWN,
         ORDER_STATUS_AUTH_NG,
         {"CREDIT_NG/refused", "SHIP_NOT_ALLOWED/invalid", "CANCEL", "STATUS_NOT_PENDING/refused", "CANCEL"}},
        {KNOWN,
         ORDER_STATUS_AUTH_FAILED,
         {"REGISTER", "SHIP_NOT_ALLOWED/invalid", "CANCEL", "REGISTRATION_NOT_DONE/invalid", "CANCEL"}},
        {KNOWN,
         ORDER_STATUS_AUTH_PENDING,
         {"-/done", "SHIP_NOT_ALLOWED/invalid", "CANCEL", "ASK", "REREGISTER_NOT_NEEDED/done"}},
        {KNOWN,
         ORDER_STATUS_SHIP_OK,
         {"-/done", "-/done", "CANCEL", "STATUS_NOT_PENDING/done", "REREGISTER_NOT_NEEDED/done"}},
        {KNOWN,
         ORDER_STATUS_SHIP_NG,
         {"-/done", "SHIP", "CANCEL", "STATUS_NOT_PENDING/refused", "REREGISTER_NOT_NEEDED/done"}},
        {KNOWN,
         ORDER_STATUS_SHIP_PENDING,
         {"-/done", "-/done", "CANCEL_NOT_ALLOWED/invalid", "ASK", "CANCEL_NOT_ALLOWED/invalid"}},
        {KNOWN,
         ORDER_STATUS_CANCEL_OK,
         {"ORDER_CANCELLED/invalid", "ORDER_CANCELLED/invalid", "-/done", "STATUS_NOT_PENDING/done", "REGISTER+"}},
        {KNOWN,
         ORDER_STATUS_CANCEL_NG,
         {"-/done", "SHIP_NOT_ALLOWED/invalid", "CANCEL", "STATUS_NOT_PENDING/refused", "CANCEL"}},
        {KNOWN, ORDER_STATUS_CANCEL_PENDING, {"-/done", "SHIP_NOT_ALLOWED/invalid", "-/done", "ASK", "ASK"}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ledger_order known = order_in(cases[i].how, cases[i].status);
        for (size_t j = 0; j < 5; j++) {
            struct plan_facts facts = {.operation = operations[j], .known = &known, .same_shipment = true};
            check(&facts, cases[i].expected[j]);
        }
    }
}

static void plan_of_a_changed_order(void **state)
{
    static const struct {
        enum order_status status;
        const char *registering;
        const char *reregistering;
    } cases[] = {
        {ORDER_STATUS_AUTH_OK, "ORDER_CHANGED/invalid", "CANCEL"},
        {ORDER_STATUS_AUTH_NG, "ORDER_CHANGED/invalid", "CANCEL"},
        {ORDER_STATUS_AUTH_FAILED, "REGISTER", "CANCEL"},
        {ORDER_STATUS_AUTH_PENDING, "ORDER_CHANGED/invalid", "CANCEL"},
        {ORDER_STATUS_SHIP_OK, "ORDER_CHANGED/invalid", "CANCEL"},
        {ORDER_STATUS_SHIP_PENDING, "ORDER_CHANGED/invalid", "CANCEL_NOT_ALLOWED/invalid"},
        {ORDER_STATUS_CANCEL_OK, "ORDER_CANCELLED/invalid", "REGISTER+"},
        {ORDER_STATUS_CANCEL_PENDING, "ORDER_CHANGED/invalid", "ASK"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ledger_order known = order_in(KNOWN, cases[i].status);
        struct plan_facts facts = {.operation = ATOBARAI_REGISTER, .known = &known, .changed = true};
        check(&facts, cases[i].registering);
        facts.operation = ATOBARAI_REREGISTER;
        check(&facts, cases[i].reregistering);
    }
}

/* Where the protocol has it, an amount is made less before anything is cancelled; what cannot be made less is cancelled
 * and registered anew. */
static void plan_of_a_smaller_amount(void **state)
{
    static const struct {
        enum order_status status;
        bool changed;
        bool answered;
        const char *expected;
    } cases[] = {
        {ORDER_STATUS_AUTH_OK, true, false, "REDUCE"},
        {ORDER_STATUS_SHIP_OK, true, false, "REDUCE"},
        {ORDER_STATUS_AUTH_OK, true, true, "CANCEL"},
        {ORDER_STATUS_AUTH_OK, false, true, "AMOUNT_REDUCED/done"},
        {ORDER_STATUS_SHIP_OK, false, true, "AMOUNT_REDUCED/done"},
        {ORDER_STATUS_AUTH_PENDING, true, false, "CANCEL"},
        {ORDER_STATUS_AUTH_NG, true, false, "CANCEL"},
        {ORDER_STATUS_SHIP_PENDING, true, false, "CANCEL_NOT_ALLOWED/invalid"},
        {ORDER_STATUS_CANCEL_OK, true, false, "REGISTER+"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ledger_order known = order_in(KNOWN, cases[i].status);
        struct plan_facts facts = {.operation = ATOBARAI_REREGISTER,
                                   .known = &known,
                                   .changed = cases[i].changed,
                                   .less = true,
                                   .answered = {[LEDGER_REDUCE] = cases[i].answered}};
        check(&facts, cases[i].expected);
        facts.operation = ATOBARAI_REGISTER; /* which changes nothing */
        if (cases[i].status == ORDER_STATUS_AUTH_OK)
            check(&facts, cases[i].changed ? "ORDER_CHANGED/invalid" : "-/done");
        facts.operation = ATOBARAI_REREGISTER;
        facts.namesake = true;
        if (cases[i].status == ORDER_STATUS_AUTH_OK && cases[i].changed)
            check(&facts, "MALL_NUMBER_REGISTERED/invalid");
    }
}

/* What the service answered in this run is not asked for again. */
static void plan_ends_with_the_answer(void **state)
{
    static const struct {
        enum atobarai_operation operation;
        enum ledger_operation answered;
        enum order_status status;
        const char *expected;
    } cases[] = {
        {ATOBARAI_REGISTER, LEDGER_REGISTER, ORDER_STATUS_AUTH_FAILED, "REGISTRATION_FAILED/refused"},
        {ATOBARAI_REGISTER, LEDGER_REGISTER, ORDER_STATUS_AUTH_NG, "CREDIT_NG/refused"},
        {ATOBARAI_REGISTER, LEDGER_REGISTER, ORDER_STATUS_AUTH_PENDING, "-/done"},
        {ATOBARAI_SHIP, LEDGER_SHIP, ORDER_STATUS_SHIP_NG, "SHIPMENT_FAILED/refused"},
        {ATOBARAI_SHIP, LEDGER_SHIP, ORDER_STATUS_SHIP_OK, "-/done"},
        {ATOBARAI_CANCEL, LEDGER_CANCEL, ORDER_STATUS_CANCEL_NG, "CANCEL_FAILED/refused"},
        {ATOBARAI_CANCEL, LEDGER_CANCEL, ORDER_STATUS_CANCEL_PENDING, "-/done"},
        {ATOBARAI_REREGISTER, LEDGER_CANCEL, ORDER_STATUS_CANCEL_NG, "CANCEL_FAILED/refused"},
        {ATOBARAI_REREGISTER, LEDGER_CANCEL, ORDER_STATUS_CANCEL_OK, "REGISTER+"},
        {ATOBARAI_REREGISTER, LEDGER_REGISTER, ORDER_STATUS_AUTH_NG, "CREDIT_NG/refused"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ledger_order known = order_in(KNOWN, cases[i].status);
        struct plan_facts facts = {.operation = cases[i].operation, .known = &known, .same_shipment = true};
        facts.answered[cases[i].answered] = true;
        check(&facts, cases[i].expected);
    }
}

static void plan_says_that_the_order_is_registered_anew(void **state)
{
    struct ledger_order known = order_in(KNOWN, ORDER_STATUS_AUTH_OK);
    struct plan_facts facts = {
        .operation = ATOBARAI_REREGISTER, .known = &known, .answered = {[LEDGER_REGISTER] = true}};
    (void)state;
    known.issue = 2;
    check(&facts, "REREGISTERED/done");
    known.status = ORDER_STATUS_AUTH_NG;
    check(&facts, "CREDIT_NG/refused");
    known.status = ORDER_STATUS_CANCEL_OK; /* the answer was an old one, to a submission that no ledger knows */
    check(&facts, "ORDER_CANCELLED/invalid");
    known.issue = 1; /* it had never been registered: nothing was replaced */
    known.status = ORDER_STATUS_AUTH_OK;
    check(&facts, "-/done");
}

static void plan_asks_until_it_is_cancelled(void **state)
{
    struct ledger_order known = order_in(KNOWN, ORDER_STATUS_CANCEL_PENDING);
    struct plan_facts facts = {.operation = ATOBARAI_REREGISTER, .known = &known, .answered = {[LEDGER_CANCEL] = true}};
    unsigned pause = 0;
    (void)state;
    for (; facts.questions < PLAN_QUESTIONS; facts.questions++) {
        struct plan plan = plan_next(&facts);
        assert_int_equal(plan.step, PLAN_ASK);
        assert_true(plan.pause > pause);
        pause = plan.pause;
    }
    check(&facts, "REREGISTER_WAITING/done");
    facts.questions++; /* one was about something else */
    check(&facts, "REREGISTER_WAITING/done");
    facts = (struct plan_facts){.operation = ATOBARAI_REREGISTER, .known = &known};
    assert_int_equal(plan_next(&facts).pause, 0); /* of an earlier run: that was long ago */
}

static void plan_of_a_status_that_was_asked_for(void **state)
{
    static const char *const expected[ORDER_STATUSES] = {
        [ORDER_STATUS_AUTH_OK] = "-/done",
        [ORDER_STATUS_AUTH_NG] = "CREDIT_NG/refused",
        [ORDER_STATUS_AUTH_FAILED] = "REGISTRATION_FAILED/refused",
        [ORDER_STATUS_AUTH_PENDING] = "-/done",
        [ORDER_STATUS_SHIP_OK] = "-/done",
        [ORDER_STATUS_SHIP_NG] = "SHIPMENT_FAILED/refused",
        [ORDER_STATUS_SHIP_PENDING] = "-/done",
        [ORDER_STATUS_CANCEL_OK] = "-/done",
        [ORDER_STATUS_CANCEL_NG] = "CANCEL_FAILED/refused",
        [ORDER_STATUS_CANCEL_PENDING] = "-/done",
    };
    (void)state;
    for (int status = ORDER_STATUS_AUTH_OK; status < ORDER_STATUSES; status++) {
        struct ledger_order known = order_in(KNOWN, (enum order_status)status);
        struct plan_facts facts = {.operation = ATOBARAI_STATUS, .known = &known, .questions = 1};
        check(&facts, expected[status]);
    }
}

/* Whatever was asked for: an intent without an outcome comes first. */
static void plan_settles_doubt_first(void **state)
{
    static const struct {
        enum ledger_operation intent;
        enum order_status before;
        bool same;
        const char *expected[5];
    } cases[] = {
        {LEDGER_REGISTER, ORDER_STATUS_NONE, true, {"REGISTER", "ASK", "ASK", "ASK", "REGISTER"}},
        {LEDGER_REGISTER, ORDER_STATUS_NONE, false, {"ASK", "ASK", "ASK", "ASK", "ASK"}},
        {LEDGER_SHIP, ORDER_STATUS_AUTH_OK, true, {"ASK", "ASK", "ASK", "ASK", "ASK"}},
        {LEDGER_SHIP, ORDER_STATUS_SHIP_OK, true, {"ASK", "SHIP", "ASK", "ASK", "ASK"}},
        {LEDGER_SHIP, ORDER_STATUS_SHIP_OK, false, {"ASK", "ASK", "ASK", "ASK", "ASK"}},
        {LEDGER_CANCEL, ORDER_STATUS_AUTH_NG, true, {"ASK", "ASK", "ASK", "ASK", "ASK"}},
        {LEDGER_REDUCE, ORDER_STATUS_AUTH_OK, true, {"ASK", "ASK", "ASK", "ASK", "ASK"}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ledger_order known = order_in(cases[i].before == ORDER_STATUS_NONE ? NEW : KNOWN, cases[i].before);
        known.known = known.in_doubt = true;
        known.intent.operation = cases[i].intent;
        for (size_t j = 0; j < 5; j++) {
            struct plan_facts facts = {.operation = operations[j],
                                       .known = &known,
                                       .same_request = cases[i].same,
                                       .changed = true,
                                       .namesake = true};
            check(&facts, cases[i].expected[j]);
        }
    }
}

static void plan_of_a_namesake(void **state)
{
    static const char *const expected[] = {"MALL_NUMBER_REGISTERED/invalid", "NOT_REGISTERED_REIMPORTED/invalid",
                                           "NOT_REGISTERED_REIMPORTED/invalid", "NOT_REGISTERED_REIMPORTED/invalid",
                                           "NOT_REGISTERED_REIMPORTED/invalid"};
    struct ledger_order known = order_in(NEW, ORDER_STATUS_NONE);
    (void)state;
    for (size_t j = 0; j < 5; j++) {
        struct plan_facts facts = {.operation = operations[j], .known = &known, .namesake = true};
        check(&facts, expected[j]);
    }
    struct plan_facts facts = {.operation = ATOBARAI_REREGISTER, .known = &known, .namesake = true};
    known = order_in(KNOWN, ORDER_STATUS_CANCEL_OK); /* the other one was registered since */
    check(&facts, "MALL_NUMBER_REGISTERED/invalid");
    known = order_in(KNOWN, ORDER_STATUS_AUTH_NG);
    check(&facts, "MALL_NUMBER_REGISTERED/invalid");
    known = order_in(REFUSED_BEFORE, ORDER_STATUS_AUTH_FAILED);
    check(&facts, "MALL_NUMBER_REGISTERED/invalid");
    known = order_in(KNOWN, ORDER_STATUS_AUTH_OK);
    check(&facts, "REREGISTER_NOT_NEEDED/done");
}

/* An order that somebody else registered: what it says there is not known. */
static void plan_of_a_foreign_order(void **state)
{
    struct ledger_order known = order_in(KNOWN, ORDER_STATUS_AUTH_OK);
    struct plan_facts facts = {.operation = ATOBARAI_REGISTER, .known = &known};
    (void)state;
    known.foreign = true;
    check(&facts, "ALREADY_REGISTERED/refused");
    facts.operation = ATOBARAI_REREGISTER;
    check(&facts, "CANCEL");
    facts.operation = ATOBARAI_SHIP;
    check(&facts, "SHIP");
}

static void plan_of_another_shipment(void **state)
{
    struct ledger_order known = order_in(KNOWN, ORDER_STATUS_SHIP_OK);
    struct plan_facts facts = {.operation = ATOBARAI_SHIP, .known = &known};
    (void)state;
    check(&facts, "SHIP");
    known.status = ORDER_STATUS_SHIP_PENDING;
    check(&facts, "SHIP_NOT_ALLOWED/invalid");
}

/* What --dry-run says. */
static void plan_says_why(void **state)
{
    static const struct {
        enum atobarai_operation operation;
        int how;
        enum order_status status;
        bool changed;
        bool in_doubt;
        const char *why;
    } cases[] = {
        {ATOBARAI_REGISTER, NEW, ORDER_STATUS_NONE, false, false, "REASON_NEW"},
        {ATOBARAI_REGISTER, NEW, ORDER_STATUS_NONE, false, true, "REASON_DOUBT"},
        {ATOBARAI_REGISTER, REFUSED_BEFORE, ORDER_STATUS_AUTH_FAILED, false, false, "REASON_REFUSED_BEFORE"},
        {ATOBARAI_SHIP, KNOWN, ORDER_STATUS_AUTH_OK, false, false, "REASON_STATUS"},
        {ATOBARAI_SHIP, KNOWN, ORDER_STATUS_SHIP_OK, false, false, "REASON_NEW_NUMBER"},
        {ATOBARAI_CANCEL, KNOWN, ORDER_STATUS_AUTH_NG, false, false, "REASON_STATUS"},
        {ATOBARAI_STATUS, KNOWN, ORDER_STATUS_AUTH_PENDING, false, false, "REASON_STATUS"},
        {ATOBARAI_REREGISTER, KNOWN, ORDER_STATUS_AUTH_NG, false, false, "REASON_STATUS"},
        {ATOBARAI_REREGISTER, KNOWN, ORDER_STATUS_AUTH_OK, true, false, "REASON_CHANGED"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ledger_order known = order_in(cases[i].how, cases[i].status);
        known.in_doubt = cases[i].in_doubt;
        struct plan_facts facts = {.operation = cases[i].operation, .known = &known, .changed = cases[i].changed};
        assert_string_equal(plan_next(&facts).why, cases[i].why);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plan_of_every_status),
        cmocka_unit_test(plan_of_a_changed_order),
        cmocka_unit_test(plan_of_a_smaller_amount),
        cmocka_unit_test(plan_ends_with_the_answer),
        cmocka_unit_test(plan_says_that_the_order_is_registered_anew),
        cmocka_unit_test(plan_asks_until_it_is_cancelled),
        cmocka_unit_test(plan_of_a_status_that_was_asked_for),
        cmocka_unit_test(plan_settles_doubt_first),
        cmocka_unit_test(plan_of_a_namesake),
        cmocka_unit_test(plan_of_a_foreign_order),
        cmocka_unit_test(plan_of_another_shipment),
        cmocka_unit_test(plan_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
