/* run/input.c: see input.h. */
#include "run/input.h"

enum { HEAD_SIZE = 64 * 1024 }; /* bytes at the beginning of a file that tell what it is */

static bool fail(const struct work *work, const char *code, const char *arg1, const char *arg2, struct error *error)
{
    return error_set(error, ERROR_INPUT, code, work->input, arg1, arg2, NULL);
}

static bool find_encoding(struct work *work, struct span head, struct error *error)
{
    enum text_encoding said = TEXT_CP932;
    switch (work->options->encoding) {
    case ATOBARAI_ENCODING_AUTO:
        return text_guess(head, &work->encoding) || fail(work, "INPUT_BINARY", NULL, NULL, error);
    case ATOBARAI_ENCODING_CP932:
        break;
    case ATOBARAI_ENCODING_UTF8:
        said = TEXT_UTF8;
        break;
    case ATOBARAI_ENCODING_UTF16:
        said = TEXT_UTF16LE;
        break;
    }
    return text_obey(head, said, &work->encoding) ||
           fail(work, "INPUT_ENCODING", text_encoding_name(work->encoding.encoding), text_encoding_name(said), error);
}

/* From now on the source has single bytes for quotes, delimiters and line ends. */
static bool recode(struct work *work, struct error *error)
{
    enum { MARK = 3 }; /* bytes of U+FEFF in UTF-8 */
    if (!csv_source_recode(work->source, work->encoding.encoding, error))
        return false;
    work->header = work->encoding.mark > 0 ? MARK : 0;
    return csv_source_size(work->source) > work->header || fail(work, "INPUT_EMPTY", NULL, NULL, error);
}

/* Look at the beginning of the source, then at that of the text that it is. */
static bool find_all(struct work *work, struct error *error)
{
    struct csv_window window;
    struct span head;
    csv_window_init(&window, work->source, HEAD_SIZE);
    bool found = csv_window_view(&window, 0, HEAD_SIZE, &head, error) && find_encoding(work, head, error);
    csv_window_free(&window);
    if (!found || !recode(work, error))
        return false;
    csv_window_init(&window, work->source, HEAD_SIZE);
    found = csv_window_view(&window, work->header, HEAD_SIZE, &head, error);
    if (found)
        work->delimiter = csv_delimiter_of(head);
    csv_window_free(&window);
    return found;
}

bool input_open(struct work *work, struct error *error)
{
    work->source = work->descriptor != NULL ? csv_source_share(work->input, *work->descriptor, error)
                                            : csv_source_open(work->input, error);
    if (work->source == NULL)
        return false;
    if (csv_source_size(work->source) == 0)
        return fail(work, "INPUT_EMPTY", NULL, NULL, error);
    if (!find_all(work, error))
        return false;
    work->codec = text_codec_new(work->encoding.encoding, error);
    return work->codec != NULL;
}
