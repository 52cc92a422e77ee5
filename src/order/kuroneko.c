/* order/kuroneko.c: see kuroneko.h. */
#include "order/kuroneko.h"

#include <stdio.h>
#include <time.h>

bool kuroneko_convert(const struct order_content *content, const struct kuroneko_terms *terms, struct arena *arena,
                      kuroneko_remark_fn *remark, void *context, struct kuroneko_order *order)
{
    (void)arena;
    (void)remark;
    (void)context;
    (void)terms;
    *order = (struct kuroneko_order){.name = content->fields[ORDER_FIELD_BUYER_NAME].text};
    return true;
}

enum kuroneko_process kuroneko_parcel(struct span tracking_number, struct span carrier,
                                      char number[KURONEKO_PAYMENT_NUMBER_MAX + 1])
{
    (void)carrier;
    snprintf(number, KURONEKO_PAYMENT_NUMBER_MAX + 1, "%.*s", (int)tracking_number.length, tracking_number.data);
    return KURONEKO_PROCESS_YAMATO;
}

void kuroneko_time(int64_t now, char text[15])
{
    const int64_t offset = 9 * 3600;
    time_t second = (time_t)(now + offset);
    struct tm japan;
    if (gmtime_r(&second, &japan) == NULL || strftime(text, 15, "%Y%m%d%H%M%S", &japan) == 0)
        text[0] = '\0';
}
