/* order/damaging.h: what the files of order/damage share: guesses, and the beginnings of a text. Pure. */
#ifndef ORDER_DAMAGING_H
#define ORDER_DAMAGING_H

#include "order/damage.h"

enum { DAMAGING_NUMBER_BYTES = 32 }; /* no longer number is guessed */

/* Guesses about a text. */
struct damaging {
    struct span is;
    bool (*each)(void *context, enum damage kind, struct span was);
    void *context;
    unsigned left; /* so many more guesses */
    bool ended;    /* by `each` */
};

/* Offer a guess; nothing happens where it is the text itself, or no more are wanted. */
void damaging_guess(struct damaging *guesser, enum damage kind, struct span was);

/* The same of a text of less than 128 bytes, as printf makes it; a longer one is none. */
void damaging_put(struct damaging *guesser, enum damage kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same of `text` in full width, which a spreadsheet in Japanese reads as if it were half. */
void damaging_put_wide(struct damaging *guesser, enum damage kind, const char *text);

bool damaging_is_digit(char byte);

/* `text` without its first `bytes`. */
struct span damaging_behind(struct span text, size_t bytes);

/* How many digits `text` begins with. */
size_t damaging_digits_at(struct span text);

/* A number of `min` to `max` digits, 9 at most, all that stand there, which `text` then goes on behind; -1: there is
 * none. */
int damaging_take_number(struct span *text, size_t min, size_t max);

/* Whether `text` begins with `word`, which it then goes on behind. */
bool damaging_take(struct span *text, const char *word);

#endif
