/* drop/finish.h: the program that is told of a pass (--on-finish). */
#ifndef DROP_FINISH_H
#define DROP_FINISH_H

#include "drop/drop.h"

/* Run asked->on_finish, without a shell, with what the pass did as JSON on its standard input (docs/drop.md) and an
 * environment without ATOBARAI_… in it, and wait for it, a minute at most. It is no part of the work: what goes wrong
 * is told, and no more. */
void finish_run(struct drop *drop);

#endif
