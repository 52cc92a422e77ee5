/* run/workbook_sheets.h: the sheets of a workbook beside its table: what was counted, and how to go on. Their texts,
 * and the name of every sheet, are data: schemas/workbook.json. */
#ifndef RUN_WORKBOOK_SHEETS_H
#define RUN_WORKBOOK_SHEETS_H

#include "atobarai.h"
#include "base/error.h"
#include "report/xlsx.h"

struct workbook_sheets;

/* The texts; NULL when memory ran out. */
struct workbook_sheets *workbook_sheets_new(void);

/* NULL is allowed. */
void workbook_sheets_free(struct workbook_sheets *sheets);

/* The name of the sheet with the table. Borrowed. */
const char *workbook_sheets_table(const struct workbook_sheets *sheets);

/* Add the two sheets. */
void workbook_sheets_put(const struct workbook_sheets *sheets, struct xlsx *xlsx,
                         const struct atobarai_summary *summary);

#endif
