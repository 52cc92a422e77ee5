/* run/digest.c: see digest.h. */
#include "run/digest.h"

#include "order/fingerprint.h"
#include "order/value.h"
#include "text/fold.h"

_Static_assert((int)FINGERPRINT_FIELDS_MAX <= (int)LEDGER_FIELDS_MAX, "the ledger has a place for each field's tag");

/* ---- Content ---- */

/* The name goes in, so that the same text in two fields has two tags, and a field that moves to another place in the
 * ledger, by a later version, is seen to differ. */
static bool tag_of(const struct ledger *ledger, enum order_field field, struct span text, uint16_t *tag)
{
    struct ledger_hash hash;
    const struct span parts[] = {span_of(order_field_name(field)), text};
    if (!ledger_hash_make(ledger, parts, sizeof parts / sizeof *parts, &hash))
        return false;
    *tag = (uint16_t)(hash.bytes[0] << 8 | hash.bytes[1]);
    return true;
}

bool digest_content(const struct ledger *ledger, const struct order_content *content, struct arena *arena,
                    struct ledger_content *digest)
{
    struct fingerprint fingerprint;
    *digest = (struct ledger_content){0};
    if (!fingerprint_make(content, arena, &fingerprint) ||
        !ledger_hash_make(ledger, fingerprint.fields, fingerprint.count, &digest->hash))
        return false;
    for (size_t i = 0; i < fingerprint.count; i++)
        if ((i < FINGERPRINT_FIELDS || fingerprint.fields[i].length > 0) &&
            !tag_of(ledger, fingerprint_field(i), fingerprint.fields[i], &digest->fields[i]))
            return false;
    return true;
}

static struct span heading_of(const struct work *work, enum order_field field)
{
    size_t column = order_layout_column_to_fix(&work->layout, &work->schema, field);
    return column != ORDER_NO_COLUMN ? order_layout_heading(&work->layout, &work->schema, column)
                                     : span_of(order_field_name(field)); /* a merchant's schema may do without it */
}

void digest_changed(const struct work *work, const struct ledger_content *before, const struct ledger_content *now,
                    struct buf *names)
{
    const char *separator = "";
    for (size_t i = 0; i < FINGERPRINT_FIELDS_MAX; i++) {
        if (before->fields[i] == now->fields[i])
            continue;
        struct span heading = heading_of(work, fingerprint_field(i));
        buf_append_text(names, separator);
        buf_append(names, heading.data, heading.length);
        separator = "、";
    }
}

static bool is_of_the_amount(enum order_field field)
{
    return field == ORDER_FIELD_AMOUNT || field >= ORDER_FIELD_ITEM_ID || field == ORDER_FIELD_SHIPPING_FEE ||
           field == ORDER_FIELD_HANDLING_FEE || field == ORDER_FIELD_DISCOUNT;
}

bool digest_only_amount_changed(const struct ledger_content *before, const struct ledger_content *now)
{
    bool amount = false;
    for (size_t i = 0; i < FINGERPRINT_FIELDS_MAX; i++) {
        if (before->fields[i] == now->fields[i])
            continue;
        if (!is_of_the_amount(fingerprint_field(i)))
            return false;
        amount = amount || fingerprint_field(i) == ORDER_FIELD_AMOUNT;
    }
    return amount;
}

/* ---- Names and requests ---- */

/* Without the zeros at its beginning, where it is nothing but digits. */
static struct span without_zeros(struct span text)
{
    bool digits = value_is_digits(text);
    while (digits && text.length > 1 && *text.data == '0')
        text = (struct span){text.data + 1, text.length - 1};
    return text;
}

/* `what` keeps the hashes of different things apart, should they ever say the same. */
static bool hash_pair(const struct ledger *ledger, const char *what, const struct span pair[2], bool zeros_count,
                      struct ledger_hash *hash)
{
    struct buf texts[2] = {{0}, {0}};
    struct span parts[] = {span_of(what), {0}, {0}};
    bool made = true;
    for (size_t i = 0; i < 2; i++) {
        fold_width(pair[i], &texts[i]);
        struct span text = {buf_text(&texts[i]), texts[i].length};
        parts[i + 1] = zeros_count ? text : without_zeros(text);
        made = made && !texts[i].failed;
    }
    made = made && ledger_hash_make(ledger, parts, sizeof parts / sizeof *parts, hash);
    buf_free(&texts[0]);
    buf_free(&texts[1]);
    return made;
}

bool digest_mall(const struct ledger *ledger, const struct work *work, const struct order *loaded,
                 struct ledger_hash *hash)
{
    const struct order_row *row = NULL;
    *hash = (struct ledger_hash){{0}};
    for (size_t i = 0; i < loaded->count && row == NULL; i++)
        row = loaded->rows[i].damaged ? NULL : &loaded->rows[i];
    if (row == NULL)
        return true;
    const struct span pair[] = {order_value(&work->columns, row, ORDER_FIELD_SHOP),
                                order_value(&work->columns, row, ORDER_FIELD_MALL_NUMBER)};
    if (value_is_blank(pair[1]) || value_is_rounded(pair[1]))
        return true;
    /* A spreadsheet drops zeros at the beginning, and that must not make another order of it. */
    return hash_pair(ledger, "mall", pair, false, hash);
}

bool digest_body(const struct ledger *ledger, struct span body, struct ledger_hash *hash)
{
    const struct span parts[] = {span_of("body"), body};
    return ledger_hash_make(ledger, parts, sizeof parts / sizeof *parts, hash);
}

/* The first `count` of `list`, one behind the other; `only` where there are none. */
static void put_list(const struct span *list, size_t count, struct span only, struct buf *out)
{
    if (count == 0)
        buf_append(out, only.data, only.length);
    for (size_t i = 0; i < count; i++) {
        buf_append_text(out, i > 0 ? "," : "");
        buf_append(out, list[i].data, list[i].length);
    }
}

bool digest_shipment(const struct ledger *ledger, const struct order_shipment *shipment, size_t count,
                     struct ledger_hash *hash)
{
    struct buf numbers = {0};
    struct buf carriers = {0};
    size_t listed = count < shipment->number_count ? count : shipment->number_count;
    put_list(shipment->numbers, listed, shipment->number, &numbers);
    put_list(shipment->carriers, listed, shipment->carrier, &carriers);
    const struct span pair[] = {{buf_text(&numbers), numbers.length}, {buf_text(&carriers), carriers.length}};
    bool made = !numbers.failed && !carriers.failed && hash_pair(ledger, "shipment", pair, true, hash);
    buf_free(&numbers);
    buf_free(&carriers);
    return made;
}
