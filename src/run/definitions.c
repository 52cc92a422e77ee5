/* run/definitions.c: see definitions.h. */
#include "run/definitions.h"

#include "api/json.h"
#include "api/kuroneko.h"
#include "base/embedded.h"
#include "base/file.h"

/* The text of `path`, or of the program where that is NULL. */
static bool read_data(const char *path, const char *embedded, struct buf *text, struct error *error)
{
    if (path != NULL)
        return file_read(path, text, error);
    buf_append_text(text, embedded);
    return !text->failed || error_set_memory(error);
}

bool definitions_schema(const struct atobarai_options *options, struct order_schema *schema, struct error *error)
{
    struct buf text = {0};
    bool loaded = read_data(options->schema, embedded_order_schema, &text, error) &&
                  order_schema_parse(schema, (struct span){buf_text(&text), text.length}, options->schema, error);
    buf_free(&text);
    return loaded;
}

static bool speaks(const struct atobarai_options *options, const char *dialect)
{
    return options->dialect != NULL && strcmp(options->dialect, dialect) == 0;
}

bool definitions_terms(const struct atobarai_options *options, int64_t now, struct kuroneko_terms *terms)
{
    *terms = (struct kuroneko_terms){options->fit, options->ship_days, now};
    return speaks(options, "kuroneko");
}

static struct api_dialect *load_json(const char *path, struct error *error)
{
    struct buf text = {0};
    struct api_dialect *dialect = NULL;
    if (read_data(path, embedded_json_dialect, &text, error))
        dialect = api_json_parse((struct span){buf_text(&text), text.length}, path, error);
    buf_free(&text);
    return dialect;
}

struct api_dialect *definitions_dialect(const struct atobarai_options *options, const struct kuroneko_terms *terms,
                                        struct error *error)
{
    if (terms == NULL)
        return load_json(speaks(options, "json") ? NULL : options->dialect, error);
    struct api_dialect *dialect = api_kuroneko_new(terms);
    if (dialect == NULL)
        error_set_memory(error);
    return dialect;
}
