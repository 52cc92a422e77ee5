/* text/recode.h: a stream of text in one encoding made one in another, in pieces of any length. */
#ifndef TEXT_RECODE_H
#define TEXT_RECODE_H

#include "text/encoding.h"

/* Between the encodings that codecs have: CP932 and UTF-8. `from` and `to` are borrowed; the rest is zeros at first. */
struct text_recoder {
    struct text_codec *from;
    struct text_codec *to;
    struct buf held; /* the beginning of a character, perhaps, and what came with it */
    struct buf text; /* of the piece at hand, in UTF-8 */
};

/* Append to `out` what `bytes` go on with. What is no text becomes U+FFFD, a byte each; what `to` lacks is replaced as
 * text_encode() does it. Memory that runs out is told by `out`. */
void text_recode(struct text_recoder *recoder, struct span bytes, struct buf *out);

/* The text ends here: what is held is all there is. */
void text_recode_end(struct text_recoder *recoder, struct buf *out);

void text_recoder_free(struct text_recoder *recoder);

#endif
