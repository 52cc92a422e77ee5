/* samples/embed/register.c: the library in a program of your own: register one file against the built-in sandbox.
 *
 * Build: cc -std=c17 -Iinclude -o build/embed samples/embed/register.c build/libatobarai.a \
 *            -lcsv -lcurl -lcjson -lmicrohttpd -lcrypto
 * Run:   build/embed samples/order_05_credit_results.csv out/embedded.csv */
#include <atobarai.h>

#include <inttypes.h>
#include <stdio.h>

static void show_progress(void *context, const struct atobarai_progress *progress)
{
    (void)context;
    if (progress->done == progress->orders)
        printf("%" PRIu64 " orders answered, %" PRIu64 " to look at\n", progress->done, progress->failed);
}

static void show_error(const struct atobarai_job *job)
{
    struct atobarai_message message;
    if (!atobarai_job_message(job, ATOBARAI_EN, &message))
        return;
    fprintf(stderr, "%s\n%s\n%s\n", message.what, message.why, message.remedy);
    atobarai_message_free(&message);
}

static void show_summary(const struct atobarai_summary *summary)
{
    for (size_t i = 0; i < ATOBARAI_STATUSES; i++)
        if (summary->by_status[i].orders > 0)
            printf("%s: %" PRIu64 "\n", summary->by_status[i].name, summary->by_status[i].orders);
    for (size_t i = 0; i < summary->by_error_count; i++)
        printf("%s: %" PRIu64 ", first on row %" PRIu32 "\n", summary->by_error[i].code, summary->by_error[i].orders,
               summary->by_error[i].first_row);
}

int main(int argc, char **argv)
{
    struct atobarai_options options = ATOBARAI_OPTIONS_DEFAULT;
    if (argc != 3) {
        fprintf(stderr, "usage: %s ORDER.csv RESULT.csv\n", argv[0]);
        return ATOBARAI_USAGE;
    }
    options.sandbox = true;
    struct atobarai_job *job = atobarai_job_new(ATOBARAI_REGISTER, argv[1], argv[2], &options);
    if (job == NULL)
        return ATOBARAI_CONFIG;
    enum atobarai_status status = atobarai_job_run(job, show_progress, NULL);
    show_error(job);
    show_summary(atobarai_job_summary(job));
    atobarai_job_free(job);
    return (int)status;
}
