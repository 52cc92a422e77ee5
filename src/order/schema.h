/* order/schema.h: which column of an order CSV is which field of an order: schemas/robot-in-order.json, or a merchant's
 * own file of the same form; and the layout of one file, found by the headings. Pure. */
#ifndef ORDER_SCHEMA_H
#define ORDER_SCHEMA_H

#include "base/error.h"
#include "base/span.h"

#include <stdint.h>

/* What the program does with a column. Those from ORDER_FIELD_ID on may be sent; the dialect says where. */
enum order_field {
    ORDER_FIELD_NONE, /* carried through; its type and needs are checked */
    ORDER_FIELD_CONTROL,
    ORDER_FIELD_PAYMENT,
    ORDER_FIELD_SHOP,
    ORDER_FIELD_MALL_NUMBER,
    ORDER_FIELD_ITEM_NUMBER,
    ORDER_FIELD_ITEM_LINE_ID,
    ORDER_FIELD_SHIPPING_FEE,
    ORDER_FIELD_HANDLING_FEE,
    ORDER_FIELD_DISCOUNT,
    ORDER_FIELD_STATUS_CODE,
    ORDER_FIELD_SHOP_STATUS,
    ORDER_FIELD_TRACKING_NUMBER,
    ORDER_FIELD_CARRIER,
    ORDER_FIELD_SHIP_DATE,
    ORDER_FIELD_ID,
    ORDER_FIELD_ORDERED_AT,
    ORDER_FIELD_AMOUNT,
    ORDER_FIELD_BUYER_NAME,
    ORDER_FIELD_BUYER_KANA,
    ORDER_FIELD_BUYER_POSTAL_CODE,
    ORDER_FIELD_BUYER_ADDRESS,
    ORDER_FIELD_BUYER_PHONE,
    ORDER_FIELD_BUYER_EMAIL,
    ORDER_FIELD_DELIVERY_NAME,
    ORDER_FIELD_DELIVERY_POSTAL_CODE,
    ORDER_FIELD_DELIVERY_ADDRESS,
    ORDER_FIELD_DELIVERY_PHONE,
    ORDER_FIELD_ITEM_ID,
    ORDER_FIELD_ITEM_NAME,
    ORDER_FIELD_ITEM_UNIT_PRICE,
    ORDER_FIELD_ITEM_QUANTITY,
    ORDER_FIELD_ITEM_AMOUNT,
    ORDER_FIELDS, /* how many there are */
};

/* "buyer.name" and the like, as in the schema file and the catalogue; "" for ORDER_FIELD_NONE. Static. */
const char *order_field_name(enum order_field field);

/* False when there is no field of that name. */
bool order_field_of(const char *name, enum order_field *field);

enum order_type {
    ORDER_TYPE_TEXT,
    ORDER_TYPE_DIGITS,   /* half-width digits */
    ORDER_TYPE_INTEGER,  /* whole yen, or a count */
    ORDER_TYPE_DATETIME, /* yyyy-mm-dd hh:mm:ss */
    ORDER_TYPE_CONTROL,  /* N, U or D */
    ORDER_TYPE_CODE,     /* a text that a spreadsheet may take for a number */
    ORDER_TYPE_DATE,     /* yyyy-mm-dd */
    ORDER_TYPE_PHONE,
    ORDER_TYPE_POSTAL_CODE,
    ORDER_TYPE_EMAIL,
    ORDER_TYPE_KANA,
};

enum order_level {
    ORDER_LEVEL_ORDER, /* the same on each row of an order */
    ORDER_LEVEL_LINE,  /* the row's own */
    ORDER_LEVEL_FREE,  /* may differ between an order's rows */
};

/* When a value is needed: bits. */
enum {
    ORDER_NEED_N = 1,        /* by Robot-in, on a row with コントロールカラム N */
    ORDER_NEED_U = 2,        /* by Robot-in, on U */
    ORDER_NEED_REGISTER = 4, /* by 買い手情報登録 */
};

struct order_column {
    const char *name; /* the heading */
    const char **aliases;
    size_t alias_count;
    enum order_field field;
    enum order_type type;
    enum order_level level;
    unsigned needed;      /* ORDER_NEED_… */
    size_t max_length;    /* UTF-16 units; 0: no limit */
    int64_t least, most;  /* ORDER_TYPE_INTEGER */
    size_t stands_in_for; /* the column in whose absence this one serves its field; ORDER_NO_COLUMN: none */
};

#define ORDER_NO_COLUMN SIZE_MAX

#define ORDER_INTEGER_MAX INT64_C(999999999999999) /* 15 digits: what every JSON library carries through a double */

struct order_schema {
    struct order_column *columns;
    size_t count;
    const char **deferred; /* a 支払方法 that contains one of these is deferred payment; "" means all are */
    size_t deferred_count;
    void *json; /* owns all texts */
};

/* Read a schema. `path` is for messages only. False: SCHEMA_INVALID (kind ERROR_CONFIG) with what is wrong as {1}. */
bool order_schema_parse(struct order_schema *schema, struct span json, const char *path, struct error *error);

/* Whether every order is deferred payment, whatever its 支払方法. */
bool order_schema_defers_all(const struct order_schema *schema);

/* Have every order be deferred payment. */
void order_schema_defer_all(struct order_schema *schema);

/* The first column of `field`, whether a file has it or not; ORDER_NO_COLUMN: the schema has none. */
size_t order_schema_column(const struct order_schema *schema, enum order_field field);

void order_schema_free(struct order_schema *schema);

/* The cells of one file. */
struct order_layout {
    size_t
        *cells; /* per column of the schema: the index of its cell in a row, ORDER_NO_COLUMN where the file lacks it */
    size_t *columns;       /* per cell of the header: the schema's column, ORDER_NO_COLUMN where it is unknown */
    struct span *headings; /* per cell of the header: its text in UTF-8; owned */
    size_t heading_count;
    size_t by_field[ORDER_FIELDS]; /* the first column that serves each field, ORDER_NO_COLUMN where none does */
};

/* Find the columns. `headings` are in UTF-8. False with an error of kind ERROR_INPUT: HEADER_NO_ORDER_ID,
 * HEADER_NO_PAYMENT (where not all orders are deferred payment), HEADER_DUPLICATE with the heading as {1}; or out of
 * memory. */
bool order_layout_find(struct order_layout *layout, const struct order_schema *schema, const struct span *headings,
                       size_t count, const char *path, struct error *error);

void order_layout_free(struct order_layout *layout);

/* The column that serves `field` in this file: the first of its columns that the file has and that does not stand in
 * for one that the file has too; ORDER_NO_COLUMN when the file has none. */
static inline size_t order_layout_column(const struct order_layout *layout, enum order_field field)
{
    return layout->by_field[field];
}

/* The same; where the file has none, the schema's first of that field, which is the one that is missing. */
size_t order_layout_column_to_fix(const struct order_layout *layout, const struct order_schema *schema,
                                  enum order_field field);

/* Whether column `column` is there and serves its field: not a stand-in for one that is there too. */
static inline bool order_layout_serves(const struct order_layout *layout, const struct order_schema *schema,
                                       size_t column)
{
    size_t other = schema->columns[column].stands_in_for;
    return layout->cells[column] != ORDER_NO_COLUMN &&
           (other == ORDER_NO_COLUMN || layout->cells[other] == ORDER_NO_COLUMN);
}

/* The heading of a column as this file writes it; the schema's name where the file lacks it. */
struct span order_layout_heading(const struct order_layout *layout, const struct order_schema *schema, size_t column);

#endif
