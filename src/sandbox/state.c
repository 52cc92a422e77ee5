/* sandbox/state.c: see state.h. */
#include "sandbox/state.h"

#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HEX_ID_SIZE = 2 * SANDBOX_ID_SIZE, HEX_DIGEST_SIZE = 2 * SANDBOX_DIGEST_SIZE + 1, CARD_SIZE = 16 };

#define KURONEKO_WORD "kuroneko " /* no hexadecimal: no line of the dialect json begins so */

/* The stages that there are, 1 << enum sandbox_stage each. */
#define KURONEKO_STAGES                                                                                                \
    (UINT64_C(1) << SANDBOX_STAGE_APPROVED | UINT64_C(1) << SANDBOX_STAGE_CANCELLED |                                  \
     UINT64_C(1) << SANDBOX_STAGE_SHIPPED | UINT64_C(1) << SANDBOX_STAGE_SURVEY |                                      \
     UINT64_C(1) << SANDBOX_STAGE_ALARMED | UINT64_C(1) << SANDBOX_STAGE_SOLD |                                        \
     UINT64_C(1) << SANDBOX_STAGE_INVOICED | UINT64_C(1) << SANDBOX_STAGE_PAID | UINT64_C(1) << SANDBOX_STAGE_REVIEW | \
     UINT64_C(1) << SANDBOX_STAGE_DROPPED | UINT64_C(1) << SANDBOX_STAGE_REFUSED)

static void put_hex(struct buf *line, const void *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        buf_printf(line, "%02x", ((const unsigned char *)bytes)[i]);
}

/* The bytes that `hex` stands for: at most `size`. How many; SIZE_MAX where it is no hexadecimal or stands for more. */
static size_t take_hex(const char *hex, unsigned char *bytes, size_t size)
{
    size_t length = strlen(hex) / 2;
    if (strlen(hex) % 2 != 0 || length > size || strspn(hex, "0123456789abcdef") != strlen(hex))
        return SIZE_MAX;
    for (size_t i = 0; i < length; i++) {
        const char pair[] = {hex[2 * i], hex[2 * i + 1], '\0'};
        bytes[i] = (unsigned char)strtoul(pair, NULL, 16);
    }
    return length;
}

/* "-" is everybody else's card. */
static const struct sandbox_card *card_called(const char *name)
{
    char email[CARD_SIZE + 1];
    snprintf(email, sizeof email, "%s@", name);
    const struct sandbox_card *card = sandbox_card_of(email);
    return card->local_part != NULL || strcmp(name, "-") == 0 ? card : NULL;
}

static bool parse(const char *line, struct sandbox_record *record)
{
    char id[HEX_ID_SIZE];
    char key[HEX_DIGEST_SIZE];
    char body[HEX_DIGEST_SIZE];
    char shipment[HEX_DIGEST_SIZE];
    char card[CARD_SIZE];
    unsigned first;
    unsigned now;
    int end = 0;
    _Static_assert(HEX_ID_SIZE > 385 && HEX_DIGEST_SIZE > 64 && CARD_SIZE > 15, "the widths below");
    *record = (struct sandbox_record){.card = NULL};
    if (sscanf(line, "%385s %2u %2u %15s %64s %64s %64s%n", id, &first, &now, card, key, body, shipment, &end) != 7 ||
        line[end] != '\n' || first > SANDBOX_CANCEL_PENDING || now > SANDBOX_CANCEL_PENDING)
        return false;
    size_t length = take_hex(id, (unsigned char *)record->id, sizeof record->id - 1);
    record->first = (enum sandbox_status)first;
    record->now = (enum sandbox_status)now;
    record->card = card_called(card);
    return record->card != NULL && length != SIZE_MAX && length > 0 && strlen(record->id) == length &&
           take_hex(key, record->key, sizeof record->key) == sizeof record->key &&
           take_hex(body, record->body, sizeof record->body) == sizeof record->body &&
           take_hex(shipment, record->shipment, sizeof record->shipment) == sizeof record->shipment;
}

static const struct sandbox_kuroneko_card *kuroneko_card_called(const char *name)
{
    char email[CARD_SIZE + 1];
    snprintf(email, sizeof email, "%s@", name);
    const struct sandbox_kuroneko_card *card = sandbox_kuroneko_card_of(email);
    return card->local_part != NULL || strcmp(name, "-") == 0 ? card : NULL;
}

static bool is_stage(unsigned stage)
{
    return stage < 64 && (UINT64_C(1) << stage & KURONEKO_STAGES) != 0;
}

/* `line` behind its first word. The record borrows its parcels, whose end is marked there. */
static bool parse_kuroneko(char *line, struct sandbox_kuroneko_record *record)
{
    char card[CARD_SIZE];
    unsigned stage;
    int start = 0;
    _Static_assert(SANDBOX_NUMBER_SIZE > 20 && CARD_SIZE > 15, "the widths below");
    *record = (struct sandbox_kuroneko_record){.card = NULL};
    if (sscanf(line, "%20s %2u %15s %9" SCNd64 " %6ld %6ld %n", record->number, &stage, card, &record->ordered,
               &record->first_amount, &record->amount, &start) != 6 ||
        start == 0 || !is_stage(stage))
        return false;
    char *parcels = line + start;
    size_t length = strspn(parcels, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz,");
    if (*parcels == '-')
        length = 1;
    if (length == 0 || strcmp(parcels + length, "\n") != 0)
        return false;
    parcels[*parcels == '-' ? 0 : length] = '\0';
    record->parcels = parcels;
    record->stage = (enum sandbox_stage)stage;
    record->card = kuroneko_card_called(card);
    return record->card != NULL;
}

static bool read_line(char *line, const struct sandbox_state_loader *loader)
{
    struct sandbox_record record;
    struct sandbox_kuroneko_record kuroneko;
    size_t word = strlen(KURONEKO_WORD);
    errno = EBADMSG;
    if (strncmp(line, KURONEKO_WORD, word) == 0) {
        if (!parse_kuroneko(line + word, &kuroneko))
            return false;
        errno = ENOMEM;
        return loader->kuroneko(loader->context, &kuroneko);
    }
    if (!parse(line, &record))
        return false;
    errno = ENOMEM;
    return loader->json(loader->context, &record);
}

/* Every line; `*end` gets where the last whole one ends. */
static bool read_lines(FILE *file, const struct sandbox_state_loader *loader, off_t *end)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t length;
    bool good = true;
    *end = 0;
    while (good && (length = getline(&line, &size, file)) > 0 && line[length - 1] == '\n') {
        good = read_line(line, loader);
        *end += length;
    }
    int reason = errno;
    free(line);
    errno = reason;
    return good && ferror(file) == 0;
}

bool sandbox_state_open(const char *path, const struct sandbox_state_loader *loader, int *fd)
{
    off_t end;
    *fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    FILE *file = *fd >= 0 ? fopen(path, "re") : NULL;
    bool opened = file != NULL && read_lines(file, loader, &end) && ftruncate(*fd, end) == 0;
    int reason = errno;
    if (file != NULL)
        fclose(file);
    if (!opened && *fd >= 0) {
        close(*fd);
        *fd = -1;
    }
    errno = reason;
    return opened;
}

/* In one write(), so that the lines of several threads do not mix. Frees `line`. */
static bool append(int fd, struct buf *line)
{
    errno = ENOMEM;
    bool written = !line->failed && write(fd, line->data, line->length) == (ssize_t)line->length;
    buf_free(line);
    return written;
}

bool sandbox_state_append(int fd, const struct sandbox_record *record)
{
    struct buf line = {0};
    put_hex(&line, record->id, strlen(record->id));
    buf_printf(&line, " %u %u %s ", (unsigned)record->first, (unsigned)record->now,
               record->card->local_part != NULL ? record->card->local_part : "-");
    put_hex(&line, record->key, sizeof record->key);
    buf_append_byte(&line, ' ');
    put_hex(&line, record->body, sizeof record->body);
    buf_append_byte(&line, ' ');
    put_hex(&line, record->shipment, sizeof record->shipment);
    buf_append_byte(&line, '\n');
    return append(fd, &line);
}

bool sandbox_state_append_kuroneko(int fd, const struct sandbox_kuroneko_record *record)
{
    struct buf line = {0};
    buf_printf(&line, KURONEKO_WORD "%s %u %s %" PRId64 " %ld %ld %s\n", record->number, (unsigned)record->stage,
               record->card->local_part != NULL ? record->card->local_part : "-", record->ordered, record->first_amount,
               record->amount, *record->parcels != '\0' ? record->parcels : "-");
    return append(fd, &line);
}
