/* run/history.c: the ledger, read by people and programs, as include/atobarai.h has it. */
#include "atobarai.h"

#include "base/embedded.h"
#include "base/json.h"
#include "ledger/ledger.h"
#include "order/catalog.h"
#include "order/service_codes.h"
#include "run/message.h"
#include "run/place.h"
#include "run/plan.h"
#include "run/table.h"

/* Words for people are in their language. A CSV is Japanese, as result files are, and JSON has words of its own: what a
 * program reads must not depend on the language of the screen. */
enum words { WORDS_JA, WORDS_EN, WORDS_JSON, WORDS };

/* A ledger that is read into a table. */
struct reading {
    struct table table;
    enum words words;
    const struct catalog *catalog;
};

static enum words words_of(enum atobarai_format format, enum atobarai_language language)
{
    if (format == ATOBARAI_JSON)
        return WORDS_JSON;
    return format == ATOBARAI_CSV || language == ATOBARAI_JA ? WORDS_JA : WORDS_EN;
}

/* Put the cells of an error: its code, and the service's words of it, or else ours. */
static void put_error(struct reading *reading, const char *code, const char *message)
{
    enum catalog_language language = reading->words == WORDS_JA ? CATALOG_JA : CATALOG_EN;
    const struct catalog_entry *entry = *message == '\0' ? catalog_find(reading->catalog, code) : NULL;
    struct buf words = {0};
    if (entry != NULL)
        buf_append_text(&words, entry->texts[language].title);
    else
        service_code_words(span_of(message), reading->catalog, language, &words);
    table_put(&reading->table, code);
    table_put(&reading->table, words.failed ? message : buf_text(&words));
    buf_free(&words);
}

/* ---- The operations ---- */

static const struct atobarai_column history_columns[] = {
    {{"日時", "Time"}, "time"},
    {{"受注ID", "Order ID"}, "order_id"},
    {{"後払い受注番号", "ID at the service"}, "service_id"},
    {{"置き換えた受注番号", "Replaced ID"}, "replaced_id"},
    {{"操作", "Operation"}, "operation"},
    {{"結果", "Outcome"}, "outcome"},
    {{"与信ステータス", "Credit status"}, "credit_status"},
    {{"エラーコード", "Error code"}, "error_code"},
    {{"エラー内容", "Error message"}, "error_message"},
};

static const char *operation_word(enum ledger_operation operation, enum words words)
{
    static const char *const names[LEDGER_OPERATIONS][WORDS_JSON] = {
        [LEDGER_REGISTER] = {"買い手情報登録", "register"},   [LEDGER_SHIP] = {"出荷情報登録", "ship"},
        [LEDGER_CANCEL] = {"与信の取消", "cancel"},           [LEDGER_ASK] = {"与信結果問い合わせ", "status"},
        [LEDGER_REDUCE] = {"請求金額変更（減額）", "reduce"},
    };
    return words == WORDS_JSON ? ledger_operation_name(operation) : names[operation][words];
}

/* Whether the service took the request, and what it was for came to nothing all the same. */
static bool came_to_nothing(const struct ledger_entry *entry)
{
    return entry->operation != LEDGER_ASK && plan_code_of(entry->status) != NULL;
}

static const char *outcome_word(const struct ledger_entry *entry, enum words words)
{
    static const char *const in_doubt[WORDS] = {"結果不明", "in doubt", "in_doubt"};
    static const char *const ends[][WORDS] = {
        [LEDGER_ACCEPTED] = {"成功", "succeeded", "succeeded"},
        [LEDGER_ADOPTED] = {"引き継ぎ", "taken over", "taken_over"},
        [LEDGER_REFUSED] = {"失敗", "failed", "failed"},
        [LEDGER_VOID] = {"取り下げ", "withdrawn", "withdrawn"},
    };
    if (entry->in_doubt)
        return in_doubt[words];
    return ends[entry->end == LEDGER_ACCEPTED && came_to_nothing(entry) ? LEDGER_REFUSED : entry->end][words];
}

static bool put_entry(void *context, const struct ledger_entry *entry)
{
    struct reading *reading = context;
    struct table *table = &reading->table;
    table_put_time(table, entry->begun);
    table_put(table, entry->id);
    table_put(table, entry->service_id);
    table_put(table, entry->replaced);
    table_put(table, operation_word(entry->operation, reading->words));
    table_put(table, outcome_word(entry, reading->words));
    table_put(table, order_status_name(entry->status));
    put_error(reading, entry->code, entry->message);
    return !table->cells.failed;
}

/* ---- The orders ---- */

static const struct atobarai_column order_columns[] = {
    {{"受注ID", "Order ID"}, "order_id"},
    {{"後払い受注番号", "ID at the service"}, "service_id"},
    {{"与信ステータス", "Credit status"}, "credit_status"},
    {{"登録日時", "Registered"}, "registered_at"},
    {{"更新日時", "Changed"}, "changed_at"},
    {{"エラーコード", "Error code"}, "error_code"},
    {{"エラー内容", "Error message"}, "error_message"},
};

/* What is in doubt is told of the request that has no outcome: the order may not be registered yet. */
static bool put_order(void *context, const char *id, const struct ledger_order *order)
{
    struct reading *reading = context;
    struct table *table = &reading->table;
    table_put(table, id);
    table_put(table, order->in_doubt ? order->intent.service_id : order->service_id);
    table_put(table, order_status_name(order->status));
    table_put_time(table, order->registered_at);
    table_put_time(table, order->in_doubt ? order->intent.begun : order->changed_at);
    if (order->in_doubt)
        put_error(reading, "IN_DOUBT", "");
    else
        put_error(reading, order->code, order->message);
    return !table->cells.failed;
}

/* The status that is called `name` in the API that is built in: the ledger is no matter of one service's API. */
static bool status_at_service(const char *name, enum order_status *status)
{
    cJSON *dialect = json_parse(span_of(embedded_json_dialect));
    const char *ours = json_text(cJSON_GetObjectItemCaseSensitive(dialect, "statuses"), name);
    bool found = ours != NULL && order_status_of(ours, status);
    cJSON_Delete(dialect);
    return found;
}

static bool status_of(const char *name, enum order_status *status, struct error *error)
{
    *status = ORDER_STATUS_NONE;
    return strcmp(name, "IN_DOUBT") == 0 || order_status_of(name, status) || status_at_service(name, status) ||
           error_set(error, ERROR_USAGE, "USAGE_BAD_VALUE", NULL, "--status", name, NULL);
}

/* ---- Both ---- */

/* What is asked of the ledger. */
struct question {
    const char *ledger; /* NULL: where it is by default */
    enum atobarai_format format;
    enum atobarai_language language;
    const char *id; /* NULL: all orders */
    int64_t since;
    const char *credit_status; /* NULL: the operations are asked for, not the orders */
};

/* Read what is asked for out of `ledger`. */
static bool read_ledger(const struct question *question, enum order_status status, struct ledger *ledger,
                        struct reading *reading, struct error *error)
{
    if (question->credit_status != NULL)
        return ledger_orders(ledger, status, put_order, reading, error);
    return ledger_history(ledger, question->id, question->since, put_entry, reading, error);
}

static bool answer(const struct question *question, const struct catalog *catalog, struct buf *out, struct error *error)
{
    bool orders = question->credit_status != NULL;
    struct reading reading = {
        .table = {.columns = orders ? order_columns : history_columns,
                  .count = orders ? sizeof order_columns / sizeof *order_columns
                                  : sizeof history_columns / sizeof *history_columns},
        .words = words_of(question->format, question->language),
        .catalog = catalog,
    };
    enum order_status status = ORDER_STATUS_NONE;
    struct buf path = {0};
    struct ledger *ledger = NULL;
    if ((!orders || status_of(question->credit_status, &status, error)) &&
        place_of_ledger(question->ledger, &path, error))
        ledger = ledger_open_reading(buf_text(&path), NULL, error);
    bool answered = ledger != NULL && read_ledger(question, status, ledger, &reading, error);
    ledger_close(ledger);
    if (answered)
        table_write(&reading.table, question->format, question->language, out);
    table_free(&reading.table);
    buf_free(&path);
    return answered && (!out->failed || error_set_memory(error));
}

/* The answer as a text, or why there is none. */
static char *ask(const struct question *question, enum atobarai_status *status, struct atobarai_message *message)
{
    struct error error = {0};
    struct buf out = {0};
    struct catalog *catalog = catalog_parse(span_of(embedded_error_catalog), &error);
    *message = (struct atobarai_message){0};
    bool answered = catalog != NULL && answer(question, catalog, &out, &error);
    *status = (enum atobarai_status)error.kind;
    if (!answered && catalog != NULL)
        message_fill(catalog, &error, question->language, message);
    catalog_free(catalog);
    if (answered)
        return buf_take(&out);
    buf_free(&out);
    return NULL;
}

char *atobarai_history(const char *ledger, const char *id, int64_t since, enum atobarai_format format,
                       enum atobarai_language language, enum atobarai_status *status, struct atobarai_message *message)
{
    struct question question = {.ledger = ledger, .format = format, .language = language, .id = id, .since = since};
    return ask(&question, status, message);
}

char *atobarai_orders(const char *ledger, const char *credit_status, enum atobarai_format format,
                      enum atobarai_language language, enum atobarai_status *status, struct atobarai_message *message)
{
    struct question question = {
        .ledger = ledger, .format = format, .language = language, .credit_status = credit_status};
    return ask(&question, status, message);
}
