/* drop/follow_up.h: asking again for what is pending. */
#ifndef DROP_FOLLOW_UP_H
#define DROP_FOLLOW_UP_H

#include "drop/drop.h"

/* Ask how the orders stand that are 与信中, 出荷情報登録中 or 与信の取消中 by the ledger, and write what became of them
 * to out/follow-up_YYYY-MM-DD_HHMMSS.csv; where there are none, nothing. A rehearsal without a ledger of its own has
 * none. What goes wrong is told. False when memory ran out. */
bool follow_up_run(struct drop *drop);

#endif
