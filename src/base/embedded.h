/* base/embedded.h: the data files of schemas/ that are built into the program, each as one NUL-terminated text. */
#ifndef BASE_EMBEDDED_H
#define BASE_EMBEDDED_H

extern const char embedded_order_schema[];    /* schemas/robot-in-order.json */
extern const char embedded_error_catalog[];   /* schemas/error-catalog.json */
extern const char embedded_workbook[];        /* schemas/workbook.json */
extern const char embedded_report[];          /* schemas/report.json */
extern const char embedded_report_style[];    /* schemas/report.css */
extern const char embedded_json_dialect[];    /* schemas/api/json-dialect.json */
extern const char embedded_kuroneko_errors[]; /* schemas/api/kuroneko-errors.tsv */
extern const char embedded_ledger_schema_1[]; /* schemas/ledger/0001.sql */
extern const char embedded_ledger_schema_2[]; /* schemas/ledger/0002.sql */
extern const char embedded_ledger_schema_3[]; /* schemas/ledger/0003.sql */
extern const char embedded_ledger_schema_4[]; /* schemas/ledger/0004.sql */

#endif
