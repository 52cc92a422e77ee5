/* run/digest.h: what the ledger keeps of an order in place of the order: keyed hashes that tell whether it changed.
 *
 * Everywhere false means that memory ran out. */
#ifndef RUN_DIGEST_H
#define RUN_DIGEST_H

#include "ledger/ledger.h"
#include "order/content.h"
#include "order/shipment.h"
#include "run/work.h"

/* Hashes of what the order says (order/fingerprint.h), of the whole and of each field. `arena` is for work. */
bool digest_content(const struct ledger *ledger, const struct order_content *content, struct arena *arena,
                    struct ledger_content *digest);

/* Append to `names` the headings of the fields that differ between `before` and `now`, joined with 、 (UTF-8): of each
 * field the first column that serves it in this file, as the file writes it, or else as the schema does. It is not seen
 * that a field differs in one of 65,536 cases: so there may be none although the hashes of the whole differ. */
void digest_changed(const struct work *work, const struct ledger_content *before, const struct ledger_content *now,
                    struct buf *names);

/* Whether of what an order says nothing has changed but its amount, its fees and its lines: and its amount has. */
bool digest_only_amount_changed(const struct ledger_content *before, const struct ledger_content *now);

/* What the mall calls the order: its 店舗ID and 受注番号, as the first undamaged row has them; their width, and zeros
 * at the beginning of a number, do not count. Not set where that row has no 受注番号, or one that a spreadsheet has
 * shortened. */
bool digest_mall(const struct ledger *ledger, const struct work *work, const struct order *loaded,
                 struct ledger_hash *hash);

/* The exact bytes of what a request says. */
bool digest_body(const struct ledger *ledger, struct span body, struct ledger_hash *hash);

/* What is reported of a shipment: its first `count` 送り状番号, each with its 配送会社, whatever their width. Where it
 * does not list its numbers, it has one. */
bool digest_shipment(const struct ledger *ledger, const struct order_shipment *shipment, size_t count,
                     struct ledger_hash *hash);

#endif
