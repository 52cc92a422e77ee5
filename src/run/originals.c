/* run/originals.c: see originals.h.
 *
 * What is kept of an order: its rows, one behind the other, and of each
 *   8 bytes   the hash of the row, over the hashes of its cells
 *   bits      of each heading of the layout, least first: whether the cell holds anything; filled up to a byte
 *   2 bytes   of each cell that does: the first two of its hash
 * in the order of the headings, which are those of the file without ours. */
#include "run/originals.h"

#include "csv/fields.h"
#include "order/damage.h"
#include "run/loader.h"
#include "run/rows.h"
#include "text/utf8.h"

#include <stdlib.h>

enum { ROW_HASH_SIZE = 8 };

/* The cell that was hashed last in its column: most rows say what the one before said. */
struct memo {
    struct buf raw; /* as it stands in the file */
    struct ledger_hash hash;
};

/* A row of the file. */
struct present {
    uint32_t row; /* of the book */
    bool whole;   /* its cells can be told apart */
    struct ledger_hash *cells;
    struct ledger_hash hash; /* over those of the layout; only where the file has all of its headings */
    size_t like;             /* the row that was kept of it; NONE */
};

/* A row as it was kept. */
struct kept {
    const unsigned char *hash;
    uint16_t *tags; /* per heading of the layout; 0: the cell was empty */
    bool taken;     /* a row of the file is this one */
};

#define NONE SIZE_MAX

struct originals {
    const struct work *work;
    struct ledger *ledger;
    struct loader *loader;
    struct memo *memos; /* per cell of the file */
    struct arena arena; /* of the order at hand */
    struct buf text;    /* of the cell at hand */
    struct buf hashed;  /* likewise */
    struct buf headings;
    struct buf rows;

    struct buf own;     /* the headings of this file */
    struct buf layout;  /* the headings that `places` is for */
    size_t *places;     /* per heading of the layout: its cell in the file; NONE: the file lacks it */
    size_t place_count; /* headings of the layout */
    bool complete;      /* the file lacks none */
    bool *covered;      /* per cell of the file: it is in one of the layouts that were found */

    struct present present[ORDER_LINES_MAX];
    size_t present_count;
    struct kept kept[ORDER_LINES_MAX];
    size_t kept_count;
};

/* ---- Layouts ---- */

/* The first cell of the file under `heading` that is not ours, nor one of `taken`: two columns may have one heading. */
static size_t place_of(const struct work *work, struct span heading, const bool *taken)
{
    for (size_t cell = 0; cell < work->layout.heading_count; cell++)
        if (!taken[cell] && span_equal(work->layout.headings[cell], heading) && !rows_is_our_heading(work, cell))
            return cell;
    return NONE;
}

/* Where the columns of the layout `headings` are in this file. */
static bool find_places(struct originals *originals, struct span headings)
{
    if (originals->places != NULL &&
        span_equal(headings, (struct span){buf_text(&originals->layout), originals->layout.length}))
        return true;
    size_t count = 0;
    for (size_t i = 0; i < headings.length; i++)
        count += headings.data[i] == '\0';
    size_t *places = calloc(count + 1, sizeof *places);
    bool *taken = calloc(originals->work->layout.heading_count + 1, sizeof *taken);
    buf_clear(&originals->layout);
    buf_append(&originals->layout, headings.data, headings.length);
    free(originals->places);
    originals->places = places;
    originals->place_count = count;
    originals->complete = true;
    bool done = places != NULL && taken != NULL && !originals->layout.failed;
    const char *at = buf_text(&originals->layout);
    for (size_t i = 0; i < count && done; i++) {
        struct span heading = span_of(at);
        places[i] = place_of(originals->work, heading, taken);
        originals->complete = originals->complete && places[i] != NONE;
        if (places[i] != NONE)
            taken[places[i]] = originals->covered[places[i]] = true;
        at += heading.length + 1;
    }
    free(taken);
    return done;
}

/* ---- Hashes ---- */

/* Heading and text in one piece, which is hashed in half the time; no heading has a NUL in it. */
static bool hash_text(struct originals *originals, struct span heading, struct span text, struct ledger_hash *hash)
{
    struct buf *hashed = &originals->hashed;
    buf_clear(hashed);
    buf_append(hashed, "cell", sizeof "cell");
    buf_append(hashed, heading.data, heading.length);
    buf_append_byte(hashed, '\0');
    buf_append(hashed, text.data, text.length);
    const struct span part = {buf_text(hashed), hashed->length};
    return !hashed->failed && ledger_hash_make(originals->ledger, &part, 1, hash);
}

/* What is kept of a cell; 0: it is empty. */
static uint16_t tag_of(const struct ledger_hash *hash)
{
    uint16_t tag = (uint16_t)(hash->bytes[0] << 8 | hash->bytes[1]);
    return tag == 0 && ledger_hash_is_set(hash) ? 1 : tag;
}

/* The line breaks in `text` as LF: LibreOffice makes such of CR LF, and they are sent so. */
static void unify_breaks(struct buf *text)
{
    size_t kept = 0;
    for (size_t i = 0; i < text->length; i++)
        if (text->data[i] != '\r' || i + 1 == text->length || text->data[i + 1] != '\n')
            text->data[kept++] = text->data[i];
    text->length = kept;
}

/* The text of a cell; bytes that are no text, as they are. Borrowed until the next call. */
static struct span decode(struct originals *originals, struct span value)
{
    struct buf *text = &originals->text;
    size_t bad;
    bool breaks = memchr(value.data, '\r', value.length) != NULL;
    if (!breaks && utf8_is_ascii_text(value))
        return value;
    buf_clear(text);
    if (!text_decode(originals->work->codec, value, text, &bad)) {
        buf_clear(text);
        buf_append(text, value.data, value.length);
    }
    if (breaks && text->data != NULL)
        unify_breaks(text);
    return (struct span){buf_text(text), text->length};
}

static bool hash_cell(struct originals *originals, size_t cell, struct span value, struct ledger_hash *hash)
{
    struct memo *memo = &originals->memos[cell];
    if (value.length == 0)
        return true; /* zeros */
    if (!span_equal(value, (struct span){buf_text(&memo->raw), memo->raw.length})) {
        struct span text = decode(originals, value);
        buf_clear(&memo->raw);
        buf_append(&memo->raw, value.data, value.length);
        if (originals->text.failed || memo->raw.failed ||
            !hash_text(originals, originals->work->layout.headings[cell], text, &memo->hash))
            return false;
    }
    *hash = memo->hash;
    return true;
}

/* The hash of a row over the cells of the layout, in its order. */
static bool hash_row(const struct originals *originals, struct present *present, struct buf *work)
{
    buf_clear(work);
    for (size_t i = 0; i < originals->place_count; i++) {
        size_t place = originals->places[i];
        if (place == NONE)
            return true;
        buf_append(work, present->cells[place].bytes, LEDGER_HASH_SIZE);
    }
    const struct span parts[] = {span_of("row"), {buf_text(work), work->length}};
    return !work->failed && ledger_hash_make(originals->ledger, parts, sizeof parts / sizeof *parts, &present->hash);
}

/* ---- The rows of the file ---- */

static bool load_row(struct originals *originals, uint32_t row, struct present *present, struct error *error)
{
    const struct work *work = originals->work;
    struct book_row at = book_row(&work->book, row);
    struct csv_record record;
    const struct span *values;
    size_t count;
    *present = (struct present){.row = row, .like = NONE};
    if (!loader_record(originals->loader, &at, &record, error))
        return false;
    if (record.too_long || record.stray != CSV_NO_CELL || rows_slide(work, &record) != 0)
        return true;
    if (!loader_cells(originals->loader, &record, &values, &count, error))
        return false;
    if (count > work->layout.heading_count)
        return true;
    present->whole = true;
    present->cells = arena_alloc(&originals->arena, (work->layout.heading_count + 1) * sizeof *present->cells);
    if (present->cells == NULL)
        return error_set_memory(error);
    for (size_t cell = 0; cell < count; cell++)
        if (!rows_is_our_heading(work, cell) && !hash_cell(originals, cell, values[cell], &present->cells[cell]))
            return error_set_memory(error);
    return true;
}

static bool load_rows(struct originals *originals, const struct book_order *order, struct error *error)
{
    const struct book *book = &originals->work->book;
    originals->present_count = 0;
    arena_reset(&originals->arena);
    if (order->rows > ORDER_LINES_MAX || order->rows == 0)
        return true;
    for (uint32_t row = order->first; row != BOOK_NONE; row = book_next(book, row))
        if (!load_row(originals, row, &originals->present[originals->present_count++], error))
            return false;
    return true;
}

/* ---- Keeping ---- */

static void put_row(const struct originals *originals, const struct present *present, struct buf *out)
{
    unsigned char bits = 0;
    buf_append(out, present->hash.bytes, ROW_HASH_SIZE);
    for (size_t i = 0; i < originals->place_count; i++) {
        bool holds = tag_of(&present->cells[originals->places[i]]) != 0;
        bits = (unsigned char)(bits | (holds ? 1U << (i % 8) : 0));
        if (i % 8 == 7 || i + 1 == originals->place_count) {
            buf_append_byte(out, (char)bits);
            bits = 0;
        }
    }
    for (size_t i = 0; i < originals->place_count; i++) {
        uint16_t tag = tag_of(&present->cells[originals->places[i]]);
        if (tag != 0) {
            buf_append_byte(out, (char)(tag >> 8));
            buf_append_byte(out, (char)(tag & 0xFF));
        }
    }
}

static struct span span_of_buf(const struct buf *buf)
{
    return (struct span){buf_text(buf), buf->length};
}

bool originals_keep(struct originals *originals, const struct book_order *order, struct error *error)
{
    struct span id = span_of(book_id(&originals->work->book, order));
    if (id.length == 0 || id.length >= LEDGER_ID_SIZE)
        return true;
    if (!load_rows(originals, order, error))
        return false;
    if (!find_places(originals, span_of_buf(&originals->own)))
        return error_set_memory(error);
    buf_clear(&originals->rows);
    for (size_t i = 0; i < originals->present_count; i++) {
        struct present *present = &originals->present[i];
        if (!present->whole)
            continue;
        if (!hash_row(originals, present, &originals->text))
            return error_set_memory(error);
        put_row(originals, present, &originals->rows);
    }
    if (originals->rows.failed)
        return error_set_memory(error);
    return originals->rows.length == 0 ||
           ledger_remember(originals->ledger, id, span_of_buf(&originals->own), span_of_buf(&originals->rows), error);
}

/* ---- What was kept ---- */

/* Take one row from the beginning of `rest`. False: it is not whole, or memory ran out. */
static bool take_kept(struct originals *originals, struct span *rest, struct kept *kept)
{
    size_t bytes = ROW_HASH_SIZE + (originals->place_count + 7) / 8;
    if (rest->length < bytes)
        return false;
    const unsigned char *at = (const unsigned char *)rest->data;
    const unsigned char *bits = at + ROW_HASH_SIZE;
    *kept = (struct kept){at, arena_alloc(&originals->arena, (originals->place_count + 1) * sizeof *kept->tags), false};
    for (size_t i = 0; i < originals->place_count && kept->tags != NULL; i++) {
        if (((unsigned)bits[i / 8] >> (i % 8) & 1U) == 0)
            continue;
        if (rest->length < bytes + 2)
            return false;
        kept->tags[i] = (uint16_t)(at[bytes] << 8 | at[bytes + 1]);
        bytes += 2;
    }
    *rest = (struct span){rest->data + bytes, rest->length - bytes};
    return kept->tags != NULL;
}

/* What was kept of the order `id`. `*known` false: nothing that can be read. */
static bool recall(struct originals *originals, struct span id, bool *known, struct error *error)
{
    originals->kept_count = 0;
    buf_clear(&originals->headings);
    buf_clear(&originals->rows);
    *known = false;
    if (id.length == 0 || id.length >= LEDGER_ID_SIZE)
        return true;
    if (!ledger_recall(originals->ledger, id, &originals->headings, &originals->rows, known, error))
        return false;
    if (!*known)
        return true;
    if (!find_places(originals, span_of_buf(&originals->headings)))
        return error_set_memory(error);
    struct span rest = span_of_buf(&originals->rows);
    while (rest.length > 0 && originals->kept_count < ORDER_LINES_MAX &&
           take_kept(originals, &rest, &originals->kept[originals->kept_count]))
        originals->kept_count++;
    *known = rest.length == 0;
    return true;
}

/* ---- Comparing ---- */

static bool is_exactly(const struct present *present, const struct kept *kept)
{
    return memcmp(present->hash.bytes, kept->hash, ROW_HASH_SIZE) == 0;
}

/* The rows that are as they were: those of the file stand mostly where they stood. */
static void match_exactly(struct originals *originals)
{
    for (size_t i = 0; i < originals->present_count; i++) {
        struct present *present = &originals->present[i];
        for (size_t n = 0; n < originals->kept_count && present->whole && present->like == NONE; n++) {
            size_t k = (i + n) % originals->kept_count;
            if (originals->kept[k].taken || !is_exactly(present, &originals->kept[k]))
                continue;
            originals->kept[k].taken = true;
            present->like = k;
        }
    }
}

static uint16_t present_tag(const struct originals *originals, const struct present *present, size_t heading)
{
    return tag_of(&present->cells[originals->places[heading]]);
}

/* In how many cells that were not empty both agree; 0 where that is less than every other one. */
static size_t likeness(const struct originals *originals, const struct present *present, const struct kept *kept)
{
    size_t filled = 0;
    size_t equal = 0;
    for (size_t i = 0; i < originals->place_count; i++) {
        if (originals->places[i] == NONE || kept->tags[i] == 0)
            continue;
        filled++;
        equal += present_tag(originals, present, i) == kept->tags[i];
    }
    return equal * 2 >= filled ? equal : 0;
}

/* For the others, the row that is most like them. */
static void match_likely(struct originals *originals)
{
    for (size_t i = 0; i < originals->present_count; i++) {
        struct present *present = &originals->present[i];
        size_t best = 0;
        if (!present->whole || present->like != NONE)
            continue;
        for (size_t n = 0; n < originals->kept_count; n++) {
            size_t k = (i + n) % originals->kept_count;
            size_t like = originals->kept[k].taken ? 0 : likeness(originals, present, &originals->kept[k]);
            if (like > best) {
                best = like;
                present->like = k;
            }
        }
        if (present->like != NONE)
            originals->kept[present->like].taken = true;
    }
}

/* ---- Damage ---- */

/* A guess at what a cell was. */
struct guess {
    struct originals *originals;
    struct present *present; /* its row */
    const struct kept *kept;
    size_t cell;
    uint16_t tag;            /* that the cell had */
    bool proves;             /* the row has to be what it was, with this, and not the cell alone */
    struct span was;         /* `data` NULL: it is not found */
    struct ledger_hash hash; /* of it */
    bool failed;             /* memory ran out */
};

/* Whether the row is what it was. */
static bool is_proven(struct originals *originals, struct present *present, const struct kept *kept, bool *failed)
{
    *failed = *failed || !hash_row(originals, present, &originals->text);
    return !*failed && is_exactly(present, kept);
}

static bool try_guess(void *context, struct span was)
{
    struct guess *guess = context;
    struct originals *originals = guess->originals;
    if (!hash_text(originals, originals->work->layout.headings[guess->cell], was, &guess->hash)) {
        guess->failed = true;
        return false;
    }
    if (tag_of(&guess->hash) != guess->tag)
        return true;
    if (guess->proves) {
        guess->present->cells[guess->cell] = guess->hash;
        if (!is_proven(originals, guess->present, guess->kept, &guess->failed))
            return !guess->failed;
    }
    guess->was = arena_copy(&originals->arena, was);
    guess->failed = guess->was.data == NULL;
    return false;
}

/* A cell that differs from what it was: it is added to those that were damaged, and has the hash of what it was from
 * here on; or else to those that were edited. */
static bool judge_cell(struct originals *originals, struct guess *guess, struct span value, struct originals_row *row)
{
    struct span is = arena_copy(&originals->arena, decode(originals, value));
    if (originals->text.failed || is.data == NULL)
        return false;
    if (guess->tag != 0 && is.length > 0 && damage_guess(is, try_guess, guess) && guess->was.data != NULL) {
        row->damaged[row->damaged_count++] = (struct originals_cell){guess->cell, guess->was, is};
        guess->present->cells[guess->cell] = guess->hash;
    } else {
        row->edited[row->edited_count++] = (struct originals_cell){guess->cell, {NULL, 0}, is};
    }
    return !guess->failed;
}

/* Of a row of damaged cells only, the hash that was kept tells whether it is the row that it was. If it is not, one of
 * the guesses is wrong, though it has the 16 bits: another one may have them, too. False: memory ran out. */
static bool prove_row(struct originals *originals, struct present *present, const struct kept *kept,
                      struct originals_row *row)
{
    bool failed = false;
    row->state = ORIGINALS_SAME;
    if (is_proven(originals, present, kept, &failed))
        return true;
    for (size_t i = 0; i < row->damaged_count && !failed; i++) {
        struct originals_cell *damaged = &row->damaged[i];
        struct ledger_hash hash = present->cells[damaged->cell];
        struct guess guess = {.originals = originals,
                              .present = present,
                              .kept = kept,
                              .cell = damaged->cell,
                              .tag = tag_of(&hash),
                              .proves = true};
        if (damage_guess(damaged->is, try_guess, &guess) && guess.was.data != NULL) {
            damaged->was = guess.was;
            return true;
        }
        present->cells[damaged->cell] = hash;
        failed = guess.failed;
    }
    /* Where it is the only one that differs, it is the one that was edited. */
    row->state = ORIGINALS_CHANGED;
    if (row->damaged_count == 1) {
        row->edited[row->edited_count++] = (struct originals_cell){row->damaged[0].cell, {NULL, 0}, row->damaged[0].is};
        row->damaged_count = 0;
    }
    return !failed;
}

/* The cells of a row that are not as they were. */
static bool judge_cells(struct originals *originals, struct present *present, struct originals_row *row,
                        struct error *error)
{
    const struct kept *kept = &originals->kept[present->like];
    struct book_row at = book_row(&originals->work->book, present->row);
    struct csv_record record;
    const struct span *values;
    size_t count;
    row->damaged = arena_alloc(&originals->arena, (originals->place_count + 1) * sizeof *row->damaged);
    row->edited = arena_alloc(&originals->arena, (originals->place_count + 1) * sizeof *row->edited);
    if (row->damaged == NULL || row->edited == NULL)
        return error_set_memory(error);
    if (!loader_record(originals->loader, &at, &record, error) ||
        !loader_cells(originals->loader, &record, &values, &count, error))
        return false;
    for (size_t i = 0; i < originals->place_count; i++) {
        size_t cell = originals->places[i];
        if (cell == NONE || present_tag(originals, present, i) == kept->tags[i])
            continue;
        struct span value = cell < count ? values[cell] : (struct span){"", 0};
        struct guess guess = {
            .originals = originals, .present = present, .kept = kept, .cell = cell, .tag = kept->tags[i]};
        if (!judge_cell(originals, &guess, value, row))
            return error_set_memory(error);
    }
    row->state = row->edited_count > 0 ? ORIGINALS_CHANGED : ORIGINALS_SAME;
    return row->edited_count > 0 || !originals->complete || prove_row(originals, present, kept, row) ||
           error_set_memory(error);
}

static bool judge_row(struct originals *originals, struct present *present, struct originals_row *row,
                      struct error *error)
{
    *row = (struct originals_row){.row = present->row, .number = book_row(&originals->work->book, present->row).number};
    if (present->like == NONE)
        return true;
    row->state = ORIGINALS_SAME;
    return (originals->complete && is_exactly(present, &originals->kept[present->like])) ||
           judge_cells(originals, present, row, error);
}

/* Whether all rows of an order say the same in this cell. */
static bool is_of_order(const struct originals *originals, size_t cell)
{
    size_t column = originals->work->layout.columns[cell];
    return column != ORDER_NO_COLUMN && originals->work->schema.columns[column].level == ORDER_LEVEL_ORDER;
}

static bool has_cell(const struct originals_row *row, size_t cell)
{
    for (size_t i = 0; i < row->damaged_count; i++)
        if (row->damaged[i].cell == cell)
            return true;
    return false;
}

/* A row of which nothing is known: what was damaged on the order's row `from` was damaged here, too, where both say the
 * same of the order. */
static bool take_over(struct originals *originals, const struct originals_row *from, const struct span *values,
                      size_t count, struct originals_row *row)
{
    for (size_t i = 0; i < from->damaged_count; i++) {
        const struct originals_cell *cell = &from->damaged[i];
        if (!is_of_order(originals, cell->cell) || cell->cell >= count || has_cell(row, cell->cell))
            continue;
        if (span_equal(decode(originals, values[cell->cell]), cell->is))
            row->damaged[row->damaged_count++] = *cell;
        if (originals->text.failed)
            return false;
    }
    return true;
}

static bool judge_unknown(struct originals *originals, const struct originals_order *compared, size_t index,
                          struct error *error)
{
    struct originals_row *row = &compared->rows[index];
    struct book_row at = book_row(&originals->work->book, row->row);
    struct csv_record record;
    const struct span *values;
    size_t count;
    row->damaged = arena_alloc(&originals->arena, (originals->work->layout.heading_count + 1) * sizeof *row->damaged);
    if (row->damaged == NULL)
        return error_set_memory(error);
    if (!loader_record(originals->loader, &at, &record, error) ||
        !loader_cells(originals->loader, &record, &values, &count, error))
        return false;
    for (size_t i = 0; i < compared->count; i++)
        if (i != index && !take_over(originals, &compared->rows[i], values, count, row))
            return error_set_memory(error);
    return true;
}

/* A row that is new, or was broken when it was kept, must not differ from the others of its order for what a
 * spreadsheet did to all of them. */
static bool judge_unknowns(struct originals *originals, const struct originals_order *compared, struct error *error)
{
    for (size_t i = 0; i < compared->count && compared->known; i++)
        if (originals->present[i].whole && originals->present[i].like == NONE &&
            !judge_unknown(originals, compared, i, error))
            return false;
    return true;
}

bool originals_covers(const struct originals *originals, size_t cell)
{
    return originals->covered[cell];
}

bool originals_compare(struct originals *originals, const struct book_order *order, struct originals_order *compared,
                       struct error *error)
{
    *compared = (struct originals_order){0};
    if (!load_rows(originals, order, error) ||
        !recall(originals, span_of(book_id(&originals->work->book, order)), &compared->known, error))
        return false;
    for (size_t i = 0; i < originals->present_count && compared->known && originals->complete; i++)
        if (originals->present[i].whole && !hash_row(originals, &originals->present[i], &originals->text))
            return error_set_memory(error);
    if (compared->known && originals->complete)
        match_exactly(originals);
    if (compared->known)
        match_likely(originals);
    compared->rows = arena_alloc(&originals->arena, (originals->present_count + 1) * sizeof *compared->rows);
    if (compared->rows == NULL)
        return error_set_memory(error);
    compared->count = originals->present_count;
    for (size_t i = 0; i < compared->count; i++)
        if (!judge_row(originals, &originals->present[i], &compared->rows[i], error))
            return false;
    return judge_unknowns(originals, compared, error);
}

/* ---- Beginning and end ---- */

static void put_own_headings(struct originals *originals)
{
    const struct order_layout *layout = &originals->work->layout;
    for (size_t cell = 0; cell < layout->heading_count; cell++) {
        if (rows_is_our_heading(originals->work, cell))
            continue;
        buf_append(&originals->own, layout->headings[cell].data, layout->headings[cell].length);
        buf_append_byte(&originals->own, '\0');
    }
}

struct originals *originals_new(const struct work *work, struct ledger *ledger)
{
    struct originals *originals = calloc(1, sizeof *originals);
    if (originals == NULL)
        return NULL;
    originals->work = work;
    originals->ledger = ledger;
    originals->loader = loader_new(work);
    originals->memos = calloc(work->layout.heading_count + 1, sizeof *originals->memos);
    originals->covered = calloc(work->layout.heading_count + 1, sizeof *originals->covered);
    put_own_headings(originals);
    if (originals->loader != NULL && originals->memos != NULL && originals->covered != NULL && !originals->own.failed)
        return originals;
    originals_free(originals);
    return NULL;
}

void originals_free(struct originals *originals)
{
    if (originals == NULL)
        return;
    for (size_t i = 0; i < originals->work->layout.heading_count && originals->memos != NULL; i++)
        buf_free(&originals->memos[i].raw);
    free(originals->memos);
    loader_free(originals->loader);
    arena_free(&originals->arena);
    buf_free(&originals->text);
    buf_free(&originals->hashed);
    buf_free(&originals->headings);
    buf_free(&originals->rows);
    buf_free(&originals->own);
    buf_free(&originals->layout);
    free(originals->places);
    free(originals->covered);
    free(originals);
}
