/* tests/tools/wire.c: the transport alone, for tests with servers that no order would survive.
 *
 *   wire URL CA-FILE COUNT CONCURRENCY TIMEOUT RETRIES [once]
 *
 * POSTs {"id":"N"} to URL/N for N from 0, and prints a line for each when it ends:
 *   N answered STATUS ATTEMPT DOUBT    (DOUBT is 1 where maybe_received)
 *   N failed REASON STATUS DOUBT       (REASON as a number of enum transport_reason) */
#include "api/transport.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT_MAX = 100000 };

struct run {
    const char *url;
    unsigned count;
    unsigned given;
    bool once;
    unsigned *numbers; /* the tags point here */
};

static bool on_next(void *context, struct transport_request *request)
{
    struct run *run = context;
    if (run->given == run->count)
        return false;
    unsigned number = run->given++;
    run->numbers[number] = number;
    request->method = "POST";
    request->once = run->once;
    request->tag = &run->numbers[number];
    int length = asprintf(&request->body, "{\"id\":\"%u\"}", number);
    if (length < 0 || asprintf(&request->url, "%s/%u", run->url, number) < 0)
        abort();
    request->body_length = (size_t)length;
    return true;
}

static enum transport_verdict on_answered(void *context, void *tag, const struct transport_answer *answer)
{
    (void)context;
    printf("%u answered %ld %u %d\n", *(unsigned *)tag, answer->status, answer->attempt, answer->maybe_received);
    return TRANSPORT_DONE;
}

static void on_failed(void *context, void *tag, const struct transport_failure *failure)
{
    (void)context;
    printf("%u failed %d %ld %d\n", *(unsigned *)tag, (int)failure->reason, failure->status, failure->maybe_received);
}

static unsigned number_of(const char *text)
{
    return (unsigned)strtoul(text, NULL, 10);
}

int main(int argc, char **argv)
{
    if (argc < 7 || number_of(argv[3]) > COUNT_MAX)
        return 2;
    struct run run = {.url = argv[1], .count = number_of(argv[3]), .once = argc > 7 && strcmp(argv[7], "once") == 0};
    struct transport_options options = {.ca_file = argv[2],
                                        .concurrency = number_of(argv[4]),
                                        .timeout = number_of(argv[5]),
                                        .retries = number_of(argv[6]),
                                        .max_errors = COUNT_MAX};
    struct transport_client client = {.context = &run, .next = on_next, .answered = on_answered, .failed = on_failed};
    struct error error = {0};
    run.numbers = calloc(run.count + 1, sizeof *run.numbers);
    if (run.numbers == NULL)
        return 2;
    enum transport_end end = transport_run(&options, &client, &error);
    free(run.numbers);
    return end == TRANSPORT_END_DONE ? 0 : 1;
}
