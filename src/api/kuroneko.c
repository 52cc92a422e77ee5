/* api/kuroneko.c: see kuroneko.h. */
#include "api/kuroneko.h"

#include <stddef.h>

struct api_dialect *api_kuroneko_new(const struct kuroneko_terms *terms)
{
    (void)terms;
    return NULL;
}
