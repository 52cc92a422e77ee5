/* tests/unit/test_pace.c: the token bucket, with a clock that the test turns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/pace.h"

#include <stdbool.h>
#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const int64_t second = 1000000000;

/* How many are taken in [from, to) by somebody who looks every `step` nanoseconds and takes what there is. */
static int takings(struct pace *pace, int64_t from, int64_t to, int64_t step)
{
    int taken = 0;
    for (int64_t now = from; now < to; now += step)
        for (; pace_wait(pace, now) == 0; taken++)
            pace_take(pace, now);
    return taken;
}

static void no_rate_is_no_limit(void **state)
{
    (void)state;
    struct pace pace;
    pace_set(&pace, 0);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(pace_wait(&pace, 5), 0);
        pace_take(&pace, 5);
    }
}

static void a_second_has_no_more_than_the_rate(void **state)
{
    (void)state;
    static const struct {
        unsigned rate;
        int most; /* in any second */
    } cases[] = {{1, 1}, {2, 2}, {3, 3}, {7, 7}, {39, 39}, {40, 41}, {100, 104}, {1000, 1049}, {50000, 52499}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct pace pace;
        pace_set(&pace, cases[i].rate);
        /* The bucket is full at the beginning: the first second has most. */
        int taken = takings(&pace, 7 * second, 8 * second, 10000);
        assert_in_range(taken, cases[i].rate, cases[i].most);
        taken = takings(&pace, 8 * second, 18 * second, 10000);
        assert_in_range(taken, (int)cases[i].rate * 10 - 1, (int)cases[i].rate * 10 + 1);
    }
}

static void idle_times_are_not_saved_up(void **state)
{
    (void)state;
    struct pace pace;
    pace_set(&pace, 10);
    assert_int_equal(takings(&pace, second, 2 * second, 1000000), 10);
    assert_int_equal(takings(&pace, 60 * second, 61 * second, 1000000), 10);
}

/* Who looks only every 40 ms loses nothing where the bucket holds as much. */
static void busy_moments_are_made_up_for(void **state)
{
    (void)state;
    struct pace pace;
    pace_set(&pace, 1000);
    assert_in_range(takings(&pace, 0, 10 * second, second / 25), 9990, 10050);
}

static void the_wait_is_told(void **state)
{
    (void)state;
    struct pace pace;
    pace_set(&pace, 4);
    assert_int_equal(pace_wait(&pace, second), 0);
    pace_take(&pace, second);
    assert_int_equal(pace_wait(&pace, second), second / 4);
    assert_int_equal(pace_wait(&pace, second + second / 5), second / 20);
    assert_int_equal(pace_wait(&pace, second + second / 4), 0);
    pace_take(&pace, second); /* not waited for */
    assert_int_equal(pace_wait(&pace, second), second / 2);
}

/* Any rate that an option can hold. */
static void extreme_rates_are_possible(void **state)
{
    (void)state;
    struct pace pace;
    pace_set(&pace, UINT32_MAX);
    for (int i = 0; i < 100000; i++)
        pace_take(&pace, second);
    assert_int_equal(pace_wait(&pace, second), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_rate_is_no_limit),
        cmocka_unit_test(a_second_has_no_more_than_the_rate),
        cmocka_unit_test(idle_times_are_not_saved_up),
        cmocka_unit_test(busy_moments_are_made_up_for),
        cmocka_unit_test(the_wait_is_told),
        cmocka_unit_test(extreme_rates_are_possible),
    };
    return cmocka_run_group_tests_name("pace", tests, NULL, NULL);
}
