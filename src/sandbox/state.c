/* sandbox/state.c: see state.h. */
#include "sandbox/state.h"

#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HEX_ID_SIZE = 2 * SANDBOX_ID_SIZE, HEX_DIGEST_SIZE = 2 * SANDBOX_DIGEST_SIZE + 1, CARD_SIZE = 16 };

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

/* Every line; `*end` gets where the last whole one ends. */
static bool read_lines(FILE *file, bool (*load)(void *context, const struct sandbox_record *record), void *context,
                       off_t *end)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t length;
    struct sandbox_record record;
    bool good = true;
    *end = 0;
    while (good && (length = getline(&line, &size, file)) > 0 && line[length - 1] == '\n') {
        good = parse(line, &record);
        errno = good ? ENOMEM : EBADMSG;
        good = good && load(context, &record);
        *end += length;
    }
    free(line);
    return good && ferror(file) == 0;
}

bool sandbox_state_open(const char *path, bool (*load)(void *context, const struct sandbox_record *record),
                        void *context, int *fd)
{
    off_t end;
    *fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    FILE *file = *fd >= 0 ? fopen(path, "re") : NULL;
    bool opened = file != NULL && read_lines(file, load, context, &end) && ftruncate(*fd, end) == 0;
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
    errno = ENOMEM;
    bool written = !line.failed && write(fd, line.data, line.length) == (ssize_t)line.length;
    buf_free(&line);
    return written;
}
