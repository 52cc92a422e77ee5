/* order/judging.c: see judging.h. */
#include "order/judging.h"

#include "text/utf8.h"

void judging_add(const struct judging *judging, const char *code, size_t column, const char *const args[FINDING_ARGS])
{
    judging_add_other(judging, code, column, 0, args);
}

void judging_add_other(const struct judging *judging, const char *code, size_t column, uint32_t other,
                       const char *const args[FINDING_ARGS])
{
    struct finding finding = {.code = code,
                              .row = judging->row != NULL ? judging->row->number : 0,
                              .other = other,
                              .item = (uint16_t)judging->item,
                              .column = column == ORDER_NO_COLUMN ? FINDING_NO_COLUMN : (uint16_t)column};
    findings_add(judging->findings, finding, args);
}

const char *judging_excerpt(const struct judging *judging, struct span value, struct buf *excerpt)
{
    utf8_excerpt(value, FINDING_EXCERPT_MAX, excerpt);
    judging->findings->failed = judging->findings->failed || excerpt->failed;
    return buf_text(excerpt);
}

void judging_quote_with(const struct judging *judging, const char *code, size_t column, struct span value,
                        const char *second, const char *third)
{
    struct buf excerpt = {0};
    const char *args[FINDING_ARGS] = {judging_excerpt(judging, value, &excerpt), second, third};
    judging_add(judging, code, column, args);
    buf_free(&excerpt);
}

void judging_quote(const struct judging *judging, const char *code, size_t column, struct span value)
{
    judging_quote_with(judging, code, column, value, NULL, NULL);
}
