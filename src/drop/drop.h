/* drop/drop.h: what the parts of a running drop share. For drop/ only; atobarai_drop() is what others see. */
#ifndef DROP_DROP_H
#define DROP_DROP_H

#include "drop/arrivals.h"
#include "drop/folders.h"
#include "drop/journal.h"

#include <cjson/cJSON.h>

struct drop {
    const struct atobarai_dropping *asked; /* borrowed, as the next four are */
    const struct atobarai_options *options;
    enum atobarai_language language;
    atobarai_drop_fn *tell;
    void *context;

    struct folders folders;
    struct journal journal;
    struct arrivals arrivals;

    /* The pass that runs, or ran last. */
    uint64_t done, failed, left;
    enum atobarai_status status; /* the highest of its files */
    bool ended_early;            /* there is no use in going on at once */
    cJSON *files;                /* what asked->on_finish is told of them, an array; owned */
    cJSON *follow_up;            /* likewise, of the question behind the pass; owned, NULL: there was none */
    bool proven;                 /* some job got through to the service: the configuration is good, or was */
    struct error error;
};

static inline bool drop_is_interrupted(const struct drop *drop)
{
    return drop->asked->interrupt != NULL && *drop->asked->interrupt != 0;
}

/* Tell of `event` with the words of drop->error, its path as given; false always. */
bool drop_tell_error(const struct drop *drop, enum atobarai_drop_event event, const char *file);

/* Tell of a file, and count it into the pass. */
void drop_tell_file(struct drop *drop, const struct atobarai_dropped *file);

/* Tell of the question behind a pass. */
void drop_tell_follow_up(struct drop *drop, const struct atobarai_dropped *told);

#endif
