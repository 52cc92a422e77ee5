/* drop/follow_up.c: see follow_up.h. */
#include "drop/follow_up.h"

#include "base/file.h"
#include "base/json.h"
#include "drop/pass.h"
#include "order/result.h"
#include "order/status.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static const enum order_status pending[] = {ORDER_STATUS_AUTH_PENDING, ORDER_STATUS_SHIP_PENDING,
                                            ORDER_STATUS_CANCEL_PENDING};

static bool tell_trouble(struct drop *drop, enum atobarai_status status, const struct atobarai_message *message)
{
    const struct atobarai_dropped dropped = {
        .event = ATOBARAI_DROP_TROUBLE, .command = "status", .status = status, .message = message};
    drop->status = status > drop->status ? status : drop->status;
    drop->tell(drop->context, &dropped);
    return true;
}

/* With the columns of a result: what else comes in is taken for Robot-in's own, and remembered in the place of what the
 * order said (run/restore). */
static void put_header(struct buf *csv)
{
    buf_append_text(csv, "受注ID,支払方法");
    for (size_t i = 0; i < RESULT_COLUMNS; i++)
        buf_printf(csv, ",%s", result_headings[i]);
    buf_append_text(csv, "\r\n");
}

/* Append a line for each order of `list`, the JSON of atobarai_orders(). */
static bool put_orders(struct span list, struct buf *csv)
{
    cJSON *root = json_parse(list);
    const cJSON *order;
    bool read = cJSON_IsArray(root);
    cJSON_ArrayForEach(order, root)
    {
        const char *id = json_text(order, "order_id");
        for (buf_append_byte(csv, '"'); id != NULL && *id != '\0'; id++) {
            if (*id == '"')
                buf_append_byte(csv, '"');
            buf_append_byte(csv, *id);
        }
        buf_append_text(csv, "\",後払い,,,,,,,,\r\n");
    }
    cJSON_Delete(root);
    return read;
}

/* Fill `csv` with an order CSV of what is pending; it stays empty where nothing is. `status` is not DONE where the
 * ledger could not be read, which was told then. */
static bool list_pending(struct drop *drop, struct buf *csv, enum atobarai_status *status)
{
    struct buf lines = {0};
    bool listed = true;
    *status = ATOBARAI_DONE;
    for (size_t i = 0; i < sizeof pending / sizeof *pending && listed && *status == ATOBARAI_DONE; i++) {
        struct atobarai_message message;
        char *list = atobarai_orders(drop->options->ledger, order_status_name(pending[i]), ATOBARAI_JSON,
                                     drop->language, status, &message);
        if (list != NULL)
            listed = put_orders(span_of(list), &lines);
        else
            tell_trouble(drop, *status, &message);
        atobarai_message_free(&message);
        free(list);
    }
    if (lines.length > 0) {
        put_header(csv);
        buf_append_text(csv, buf_text(&lines));
    }
    listed = listed && !lines.failed && !csv->failed;
    buf_free(&lines);
    return listed;
}

/* A temporary file with `csv` in it. Its result may be read by those who may look into out/. -1 with errno. */
static int open_orders(const struct drop *drop, const struct buf *csv)
{
    struct stat out;
    int fd = file_open_unnamed();
    if (fd < 0)
        return -1;
    if (fstat(drop->folders.fds[FOLDER_OUT], &out) == 0 && fchmod(fd, out.st_mode & 0666) == 0 &&
        file_write(fd, (struct span){buf_text(csv), csv->length}))
        return fd;
    int reason = errno;
    close(fd);
    errno = reason;
    return -1;
}

static void put_name(struct buf *name)
{
    char moment[32] = "";
    time_t now = time(NULL);
    struct tm local;
    if (localtime_r(&now, &local) != NULL)
        strftime(moment, sizeof moment, "%Y-%m-%d_%H%M%S", &local);
    buf_printf(name, "follow-up_%s.csv", moment);
}

static void tell(struct drop *drop, const char *name, const struct atobarai_job *job, enum atobarai_status status)
{
    const struct atobarai_summary *summary = atobarai_job_summary(job);
    struct atobarai_message message = {0};
    struct buf result = {0};
    buf_printf(&result, "%s/%s", folder_name(FOLDER_OUT), name);
    bool worded = status > ATOBARAI_NEEDS_FIXING && atobarai_job_message(job, drop->language, &message);
    const struct atobarai_dropped dropped = {.event = ATOBARAI_DROP_FOLLOW_UP,
                                             .command = summary->command,
                                             .result = summary->complete ? buf_text(&result) : NULL,
                                             .status = status,
                                             .summary = summary,
                                             .message = worded ? &message : NULL};
    drop_tell_follow_up(drop, &dropped);
    atobarai_message_free(&message);
    buf_free(&result);
}

/* The columns are those of the built-in schema, and there is no status to be set. */
static bool ask(struct drop *drop, int orders)
{
    struct atobarai_options options = *drop->options;
    struct buf name = {0};
    struct buf wanted = {0};
    enum atobarai_status status;
    struct atobarai_job *job = NULL;
    options.schema = options.set_status = options.set_shop_status = NULL;
    options.encoding = ATOBARAI_ENCODING_UTF8;
    if (options.output_encoding == ATOBARAI_ENCODING_AUTO)
        options.output_encoding = ATOBARAI_ENCODING_CP932; /* as Robot-in has its files */
    put_name(&wanted);
    if (pass_find_name(drop->folders.fds[FOLDER_OUT], buf_text(&wanted), &name))
        job = pass_job(drop, &options, ATOBARAI_STATUS, "follow-up", orders, buf_text(&name), false, &status);
    if (job != NULL)
        tell(drop, buf_text(&name), job, status);
    atobarai_job_free(job);
    buf_free(&name);
    buf_free(&wanted);
    return job != NULL || error_set_memory(&drop->error);
}

bool follow_up_run(struct drop *drop)
{
    struct buf csv = {0};
    enum atobarai_status status;
    if (drop->options->sandbox && drop->options->ledger == NULL)
        return true;
    bool listed = list_pending(drop, &csv, &status) || error_set_memory(&drop->error);
    if (!listed || status != ATOBARAI_DONE || csv.length == 0) {
        buf_free(&csv);
        return listed;
    }
    int orders = open_orders(drop, &csv);
    int reason = errno;
    buf_free(&csv);
    if (orders < 0) {
        error_set_errno(&drop->error, ERROR_USAGE, "OUTPUT_UNWRITABLE", "$TMPDIR", reason);
        drop_tell_error(drop, ATOBARAI_DROP_TROUBLE, NULL);
        return true;
    }
    bool asked = ask(drop, orders);
    close(orders);
    return asked;
}
