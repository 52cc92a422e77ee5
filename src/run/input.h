/* run/input.h: the input as a file: its encoding, its byte order mark, its delimiter. */
#ifndef RUN_INPUT_H
#define RUN_INPUT_H

#include "run/work.h"

/* Open `work->input` and find what it is, or obey what the options say of it; a codec for its cells goes with that.
 * False: the errors of csv_source_open() and csv_source_recode(); INPUT_EMPTY, INPUT_BINARY, and INPUT_ENCODING where
 * the byte order mark {1} is not that of the encoding {2} that the options ask for (kind ERROR_INPUT); those of
 * text_codec_new(). */
bool input_open(struct work *work, struct error *error);

#endif
