/* tests/bench/libcurl_post.c: the least that libcurl can be asked for: COUNT registrations, CONCURRENCY at a time, and
 * nothing made of the answers. A peer to measure against.
 *
 *     libcurl_post URL SAMPLE ID COUNT CONCURRENCY
 *
 * SAMPLE is a request: headers, an empty line, the body. ID, of seven digits, is the order's; wherever the body has it
 * a running number is put in its place, and likewise in place of the 64 digits of the Idempotency-Key. Each request is
 * set up anew, as a program has to whose requests are not all the same. */
#include <curl/curl.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { HEADERS_MAX = 8, BODY_MAX = 8192, KEY_DIGITS = 64, ID_DIGITS = 7, PLACES_MAX = 64 };

struct sample {
    char text[2 * BODY_MAX];
    char *headers[HEADERS_MAX];
    size_t header_count;
    char *body;
    size_t body_length;
    size_t places[PLACES_MAX]; /* of the id in the body */
    size_t place_count;
};

struct slot {
    CURL *curl;
    struct curl_slist headers[HEADERS_MAX + 2];
    char key[128];
    char body[BODY_MAX];
};

static bool read_sample(struct sample *sample, const char *path, const char *id)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return false;
    size_t length = fread(sample->text, 1, sizeof sample->text - 1, file);
    fclose(file);
    sample->text[length] = '\0';
    char *end = strstr(sample->text, "\n\n");
    if (end == NULL)
        return false;
    sample->body = end + 2;
    sample->body_length = strlen(sample->body);
    end[0] = '\0';
    char *rest = NULL;
    for (char *line = strtok_r(sample->text, "\n", &rest); line != NULL && sample->header_count < HEADERS_MAX;
         line = strtok_r(NULL, "\n", &rest))
        sample->headers[sample->header_count++] = line;
    for (char *at = sample->body; (at = strstr(at, id)) != NULL && sample->place_count < PLACES_MAX; at += ID_DIGITS)
        sample->places[sample->place_count++] = (size_t)(at - sample->body);
    return sample->body_length < BODY_MAX && sample->place_count > 0;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the type is libcurl's */
static size_t on_body(char *data, size_t size, size_t count, void *context)
{
    (void)data;
    (void)context;
    return size * count;
}

static void send_one(CURLM *multi, struct slot *slot, const struct sample *sample, const char *url,
                     unsigned long number)
{
    static const char key[] = "Idempotency-Key: ";
    char digits[ID_DIGITS + 1];
    size_t count = 0;
    memcpy(slot->body, sample->body, sample->body_length + 1);
    snprintf(digits, sizeof digits, "%0*lu", (int)ID_DIGITS, number % 10000000);
    for (size_t i = 0; i < sample->place_count; i++)
        memcpy(slot->body + sample->places[i], digits, ID_DIGITS);
    snprintf(slot->key, sizeof slot->key, "%s%0*lx", key, (int)KEY_DIGITS, number);
    for (size_t i = 0; i < sample->header_count; i++)
        slot->headers[count++].data =
            strncmp(sample->headers[i], key, sizeof key - 1) == 0 ? slot->key : sample->headers[i];
    slot->headers[count++].data = "Expect:";
    for (size_t i = 0; i + 1 < count; i++)
        slot->headers[i].next = &slot->headers[i + 1];
    curl_easy_reset(slot->curl);
    curl_easy_setopt(slot->curl, CURLOPT_URL, url);
    curl_easy_setopt(slot->curl, CURLOPT_TIMEOUT, 30L);
    curl_easy_setopt(slot->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(slot->curl, CURLOPT_PROXY, "");
    curl_easy_setopt(slot->curl, CURLOPT_HTTPHEADER, slot->headers);
    curl_easy_setopt(slot->curl, CURLOPT_POST, 1L);
    curl_easy_setopt(slot->curl, CURLOPT_POSTFIELDSIZE, (long)sample->body_length);
    curl_easy_setopt(slot->curl, CURLOPT_POSTFIELDS, slot->body);
    curl_easy_setopt(slot->curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(slot->curl, CURLOPT_PRIVATE, slot);
    curl_multi_add_handle(multi, slot->curl);
}

/* How many were answered with 201. */
static unsigned long send_all(CURLM *multi, struct slot *slots, size_t slot_count, const struct sample *sample,
                              const char *url, unsigned long count)
{
    unsigned long sent = 0;
    unsigned long back = 0;
    unsigned long registered = 0;
    for (; sent < slot_count && sent < count; sent++)
        send_one(multi, &slots[sent], sample, url, sent);
    while (back < count) {
        int number;
        CURLMsg *message;
        bool any = false;
        if (curl_multi_perform(multi, &number) != CURLM_OK)
            break;
        while ((message = curl_multi_info_read(multi, &number)) != NULL) {
            struct slot *slot = NULL;
            long status = 0;
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &slot);
            curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &status);
            curl_multi_remove_handle(multi, slot->curl);
            registered += status == 201;
            back++;
            any = true;
            if (sent < count)
                send_one(multi, slot, sample, url, sent++);
        }
        if (!any)
            curl_multi_poll(multi, NULL, 0, 1000, NULL);
    }
    return registered;
}

int main(int argc, char **argv)
{
    static struct sample sample;
    if (argc != 6 || strlen(argv[3]) != ID_DIGITS || !read_sample(&sample, argv[2], argv[3]))
        return 2;
    unsigned long count = strtoul(argv[4], NULL, 10);
    size_t slot_count = strtoul(argv[5], NULL, 10);
    struct slot *slots = calloc(slot_count, sizeof *slots);
    CURLM *multi = curl_global_init(CURL_GLOBAL_ALL) == CURLE_OK ? curl_multi_init() : NULL;
    if (slots == NULL || multi == NULL)
        return 2;
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)slot_count);
    for (size_t i = 0; i < slot_count; i++)
        slots[i].curl = curl_easy_init();
    struct timespec begin;
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    unsigned long registered = send_all(multi, slots, slot_count, &sample, argv[1], count);
    clock_gettime(CLOCK_MONOTONIC, &end);
    for (size_t i = 0; i < slot_count; i++)
        curl_easy_cleanup(slots[i].curl);
    curl_multi_cleanup(multi);
    free(slots);
    printf("%.3f seconds\n", (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9);
    return registered == count ? 0 : 1;
}
