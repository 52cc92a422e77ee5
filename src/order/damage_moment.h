/* order/damage_moment.h: dates and times and what a spreadsheet makes of them. Pure; for order/damage only. */
#ifndef ORDER_DAMAGE_MOMENT_H
#define ORDER_DAMAGE_MOMENT_H

#include "order/damaging.h"

/* Guess what may have become the date or the time that the text is. */
void damage_moment_guess(struct damaging *guesser);

/* DAMAGE_DATE, DAMAGE_TIME, or DAMAGE_NONE. */
enum damage damage_moment_of(struct span was, struct span is);

/* Whether a spreadsheet takes `text` for a date, in Japanese or English. */
bool damage_moment_is(struct span text);

#endif
