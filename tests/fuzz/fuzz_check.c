/* tests/fuzz/fuzz_check.c: any bytes as a whole file, checked through the library. What must hold for any input:
 *   - the run ends as finished (0, 1) with a result, or as no order CSV (4) without one and with a message;
 *   - its counts add up, and no order is called sent;
 *   - the result without our cells is the input byte for byte, whatever its encoding and its line ends;
 *   - the result, checked again, has the same result; where short rows were filled up in it, that one has. It may
 *     be another one where the input has some of our columns, scattered, since rows with too many cells get ours anew;
 *     and where it has fewer than five, since only wider rows are suspected of having been swallowed. */
#include "fuzz.h"

#include "atobarai.h"
#include "csv/scan.h"
#include "order/result.h"
#include "text/encoding.h"
#include "text/utf16.h"

#include <time.h>
#include <unistd.h>

enum { COLUMNS_MIN = 5 }; /* as in run/intake.c */

struct fuzz {
    char folder[64];
    char input[80];
    char result[80];
    char again[80];
    bool anew;         /* a second run may find something else; see above */
    bool filled;       /* a short row was filled up, so that ours stand under their headings */
    struct buf text;   /* of a file, in UTF-8 if it is UTF-16 */
    struct buf first;  /* a result, as text or as the file has it */
    struct buf second; /* the same of another one, or of the same */
    struct csv_scan scan;
    struct csv_scan scan_result;
};

/* In memory where there is such a folder: a result is flushed to the disk. */
static void open_folder(struct fuzz *fuzz)
{
    const char *parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(fuzz->folder, sizeof fuzz->folder, "%s/fuzz_check.XXXXXX", parent);
    FUZZ_CHECK(mkdtemp(fuzz->folder) != NULL);
    snprintf(fuzz->input, sizeof fuzz->input, "%s/in.csv", fuzz->folder);
    snprintf(fuzz->result, sizeof fuzz->result, "%s/out.csv", fuzz->folder);
    snprintf(fuzz->again, sizeof fuzz->again, "%s/again.csv", fuzz->folder);
}

static void close_folder(struct fuzz *fuzz)
{
    unlink(fuzz->input);
    unlink(fuzz->result);
    unlink(fuzz->again);
    FUZZ_CHECK(rmdir(fuzz->folder) == 0);
    buf_free(&fuzz->text);
    buf_free(&fuzz->first);
    buf_free(&fuzz->second);
}

static void write_file(const char *path, struct span bytes)
{
    FILE *file = fopen(path, "w");
    FUZZ_CHECK(file != NULL && fwrite(bytes.data, 1, bytes.length, file) == bytes.length && fclose(file) == 0);
}

static void read_file(const char *path, struct buf *bytes)
{
    char piece[4096];
    size_t length;
    FILE *file = fopen(path, "r");
    FUZZ_CHECK(file != NULL);
    buf_clear(bytes);
    while ((length = fread(piece, 1, sizeof piece, file)) > 0)
        buf_append(bytes, piece, length);
    fclose(file);
}

static void check_counts(const struct atobarai_summary *summary)
{
    FUZZ_CHECK(summary->complete && summary->sent == 0 && summary->failed == 0 && summary->unsent == 0);
    FUZZ_CHECK(summary->orders == summary->succeeded + summary->invalid);
    FUZZ_CHECK(summary->orders + summary->skipped_rows <= summary->rows);
    for (size_t i = 0; i < summary->by_error_count; i++)
        FUZZ_CHECK(summary->by_error[i].orders > 0 && summary->by_error[i].orders <= summary->orders + summary->rows);
}

/* Check the file `input`; `told` gets what it was found to be. */
static enum atobarai_status check_file(const char *input, const char *output, struct atobarai_summary *told)
{
    struct atobarai_options options = ATOBARAI_OPTIONS_DEFAULT;
    options.jobs = 1;
    options.force = true;
    struct atobarai_job *job = atobarai_job_new(ATOBARAI_CHECK, input, output, &options);
    struct atobarai_message message;
    FUZZ_CHECK(job != NULL);
    enum atobarai_status status = atobarai_job_run(job, NULL, NULL);
    *told = *atobarai_job_summary(job);
    FUZZ_CHECK(status == ATOBARAI_DONE || status == ATOBARAI_NEEDS_FIXING || status == ATOBARAI_INPUT);
    FUZZ_CHECK((status == ATOBARAI_INPUT) == atobarai_job_message(job, ATOBARAI_JA, &message));
    if (status == ATOBARAI_INPUT)
        atobarai_message_free(&message);
    else
        check_counts(told);
    atobarai_job_free(job);
    return status;
}

/* The bytes of a file as single-byte text: UTF-16 as UTF-8, anything else as it is. */
static void read_text(struct span bytes, const struct atobarai_summary *told, struct buf *text)
{
    struct text_guess guess;
    buf_clear(text);
    if (strcmp(told->encoding, "utf-16") != 0) {
        buf_append(text, bytes.data, bytes.length);
        return;
    }
    FUZZ_CHECK(text_guess(bytes, &guess) && text_is_utf16(guess.encoding));
    struct utf16_reader reader = {.big_end_first = guess.encoding == TEXT_UTF16BE};
    utf16_read(&reader, bytes, text);
    FUZZ_CHECK(utf16_read_end(&reader, text));
}

static void scan_record(struct csv_scan *scan, char delimiter, struct span *text)
{
    csv_scan_begin(scan, delimiter);
    size_t taken = csv_scan_feed(scan, text->data, text->length);
    FUZZ_CHECK(csv_scan_finish(scan) && taken == scan->length + scan->ending);
    *text = (struct span){text->data + taken, text->length - taken};
}

/* Whether the header may have columns of ours, which are written in their places: then its bytes have a name of one. */
static bool may_hold_ours(struct span header, const struct atobarai_summary *told)
{
    struct error error;
    struct text_codec *codec = text_codec_new(strcmp(told->encoding, "cp932") == 0 ? TEXT_CP932 : TEXT_UTF8, &error);
    struct buf name = {0};
    bool found = false;
    FUZZ_CHECK(codec != NULL);
    for (size_t i = 0; i < RESULT_COLUMNS && !found; i++) {
        buf_clear(&name);
        text_encode(codec, span_of(result_headings[i]), &name);
        found = span_contains(header, fuzz_text(&name));
    }
    buf_free(&name);
    text_codec_free(codec);
    return found;
}

/* The input's records, each with its line end, before our cells. */
static void check_bytes(struct fuzz *fuzz, const struct atobarai_summary *told)
{
    struct span input = fuzz_text(&fuzz->text);
    struct span result = fuzz_text(&fuzz->first);
    struct span header = input;
    size_t columns = 0;
    fuzz->filled = false;
    scan_record(&fuzz->scan, told->delimiter, &header);
    bool ours = may_hold_ours((struct span){input.data, fuzz->scan.length}, told);
    fuzz->anew = ours || fuzz->scan.cells < COLUMNS_MIN;
    while (input.length > 0) {
        const char *in = input.data;
        const char *out = result.data;
        scan_record(&fuzz->scan, told->delimiter, &input);
        scan_record(&fuzz->scan_result, told->delimiter, &result);
        columns = columns == 0 ? fuzz->scan.cells : columns;
        size_t cells = fuzz->scan.cells > columns ? fuzz->scan.cells : columns;
        fuzz->filled = fuzz->filled || (fuzz->scan.cells < columns && fuzz->scan_result.cells > fuzz->scan.cells);
        FUZZ_CHECK(fuzz->scan.ending == fuzz->scan_result.ending);
        FUZZ_CHECK(memcmp(fuzz->scan.ending_bytes, fuzz->scan_result.ending_bytes, fuzz->scan.ending) == 0);
        if (ours)
            continue;
        FUZZ_CHECK(fuzz->scan.length <= fuzz->scan_result.length && memcmp(in, out, fuzz->scan.length) == 0);
        if (fuzz->scan.length < fuzz->scan_result.length)
            FUZZ_CHECK(fuzz->scan_result.cells == cells + RESULT_COLUMNS && out[fuzz->scan.length] == told->delimiter);
    }
    FUZZ_CHECK(result.length == 0);
}

/* Check `path`, a result, again: the same comes out, unless 処理日時 has gone on since `began`, or a message names the
 * byte of the file in which a damaged character stands: our cells have moved that. */
static void check_again(struct fuzz *fuzz, const char *path, const char *again, enum atobarai_status status,
                        time_t began)
{
    struct atobarai_summary told;
    read_file(path, &fuzz->first);
    FUZZ_CHECK(check_file(path, again, &told) == status);
    read_file(again, &fuzz->second);
    read_text(fuzz_text(&fuzz->second), &told, &fuzz->text);
    if (time(NULL) == began && !span_contains(fuzz_text(&fuzz->text), span_of("ENCODING_INVALID")))
        FUZZ_CHECK(span_equal(fuzz_text(&fuzz->first), fuzz_text(&fuzz->second)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fuzz fuzz; /* too large for the stack */
    struct span input = {(const char *)data, size};
    struct atobarai_summary told;
    time_t began = time(NULL);
    open_folder(&fuzz);
    write_file(fuzz.input, input);
    enum atobarai_status status = check_file(fuzz.input, fuzz.result, &told);
    FUZZ_CHECK((access(fuzz.result, F_OK) == 0) == (status != ATOBARAI_INPUT));
    if (status != ATOBARAI_INPUT) {
        read_file(fuzz.result, &fuzz.second);
        read_text(input, &told, &fuzz.text);
        read_text(fuzz_text(&fuzz.second), &told, &fuzz.first);
        check_bytes(&fuzz, &told);
        if (fuzz.anew || fuzz.filled)
            status = check_file(fuzz.result, fuzz.again, &told);
        if (!fuzz.anew && fuzz.filled)
            check_again(&fuzz, fuzz.again, fuzz.result, status, began);
        if (!fuzz.anew && !fuzz.filled)
            check_again(&fuzz, fuzz.result, fuzz.again, status, began);
    }
    close_folder(&fuzz);
    return 0;
}
