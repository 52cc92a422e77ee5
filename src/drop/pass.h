/* drop/pass.h: one file after the other. */
#ifndef DROP_PASS_H
#define DROP_PASS_H

#include "drop/drop.h"

/* Run what is complete of the files that arrivals_look() found, and tell of those that are refused. The pass ends early
 * with a job that ends with ATOBARAI_CONFIG, with an interruption, and where the service answers nobody:
 * then drop->ended_early is set. drop->status, drop->done and so on say what came of it. False with drop->error: the
 * drop itself cannot go on. */
bool pass_run(struct drop *drop);

/* Finish what a dead run left: move the files whose jobs had ended, forget those that are gone, and take away
 * half-written results. Where the process may die, and what becomes of that, is told in docs/drop.md. False likewise.
 */
bool pass_recover(struct drop *drop);

/* Run a job with `options` on the file that `descriptor` has open, `input` being what messages call it. It leaves
 * `result` in out/, which it replaces if `force`, and a page in report/. Free it with atobarai_job_free(); NULL when
 * memory ran out. */
struct atobarai_job *pass_job(const struct drop *drop, const struct atobarai_options *options,
                              enum atobarai_operation operation, const char *input, int descriptor, const char *result,
                              bool force, enum atobarai_status *status);

/* A name for a file in `fd` that is free there, also with .done and .txt behind it: `name`, or that numbered. Appended
 * to `found`, which is empty; false when memory ran out. */
bool pass_find_name(int fd, const char *name, struct buf *found);

#endif
