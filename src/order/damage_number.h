/* order/damage_number.h: numbers and what a spreadsheet makes of them. Pure; for order/damage only. */
#ifndef ORDER_DAMAGE_NUMBER_H
#define ORDER_DAMAGE_NUMBER_H

#include "order/damaging.h"

/* Guess what may have become the number that the text is. */
void damage_number_guess(struct damaging *guesser);

/* DAMAGE_ZEROS, DAMAGE_ROUNDED, DAMAGE_NUMBER, or DAMAGE_NONE. */
enum damage damage_number_of(struct span was, struct span is);

/* Whether a spreadsheet takes `text` for a number. */
bool damage_number_is(struct span text);

#endif
