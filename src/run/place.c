/* run/place.c: see place.h. */
#include "run/place.h"

#include <stdlib.h>

static bool append_default(struct buf *path, struct error *error)
{
    static const struct {
        const char *variable;
        const char *behind;
    } places[] = {{"XDG_STATE_HOME", ""}, {"HOME", "/.local/state"}};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const char *folder = getenv(places[i].variable);
        /* A relative one would be another ledger in each folder, and orders would be registered twice; the XDG Base
         * Directory Specification has it ignored, too. */
        if (folder == NULL || *folder != '/')
            continue;
        buf_printf(path, "%s%s/atobarai/ledger.db", folder, places[i].behind);
        return true;
    }
    return error_set(error, ERROR_CONFIG, "LEDGER_NO_PLACE", NULL, NULL, NULL, NULL);
}

bool place_of_ledger(const char *given, struct buf *path, struct error *error)
{
    if (given != NULL)
        buf_append_text(path, given);
    else if (!append_default(path, error))
        return false;
    return !path->failed || error_set_memory(error);
}
