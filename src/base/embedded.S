/* base/embedded.S: see embedded.h. Paths are relative to the top of the repository, where the build runs. */

    .section .rodata

    .macro embed name, path
    .global \name
    .type \name, %object
\name:
    .incbin "\path"
    .byte 0
    .size \name, . - \name
    .endm

    embed embedded_order_schema, "schemas/robot-in-order.json"
    embed embedded_error_catalog, "schemas/error-catalog.json"
    embed embedded_workbook, "schemas/workbook.json"
    embed embedded_report, "schemas/report.json"
    embed embedded_report_style, "schemas/report.css"
    embed embedded_json_dialect, "schemas/api/json-dialect.json"
    embed embedded_kuroneko_errors, "schemas/api/kuroneko-errors.tsv"
    embed embedded_ledger_schema_1, "schemas/ledger/0001.sql"
    embed embedded_ledger_schema_2, "schemas/ledger/0002.sql"
    embed embedded_ledger_schema_3, "schemas/ledger/0003.sql"
    embed embedded_ledger_schema_4, "schemas/ledger/0004.sql"

    .section .note.GNU-stack, "", %progbits
