/* api/key.c: see key.h. */
#include "api/key.h"

#include <openssl/evp.h>

#include <stdio.h>

enum { DIGEST_SIZE = 32 };

/* A part goes in with its length before it, so that no two lists of parts are the same bytes. */
static bool add_part(EVP_MD_CTX *context, struct span part)
{
    unsigned char length[8];
    for (size_t i = 0; i < sizeof length; i++)
        length[i] = (unsigned char)((uint64_t)part.length >> (8 * i));
    return EVP_DigestUpdate(context, length, sizeof length) == 1 &&
           EVP_DigestUpdate(context, part.data, part.length) == 1;
}

bool api_key_make(const char *merchant, const char *operation, struct span id, struct span body, uint32_t generation,
                  char key[API_KEY_SIZE])
{
    static const char hex[] = "0123456789abcdef";
    unsigned char digest[DIGEST_SIZE];
    char number[16];
    snprintf(number, sizeof number, "%lu", (unsigned long)generation);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool made = context != NULL && EVP_Digest(body.data, body.length, digest, NULL, EVP_sha256(), NULL) == 1 &&
                EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 && add_part(context, span_of(merchant)) &&
                add_part(context, span_of(operation)) && add_part(context, id) &&
                add_part(context, (struct span){(const char *)digest, sizeof digest}) &&
                add_part(context, span_of(number)) && EVP_DigestFinal_ex(context, digest, NULL) == 1;
    EVP_MD_CTX_free(context);
    for (size_t i = 0; made && i < sizeof digest; i++) {
        key[2 * i] = hex[digest[i] >> 4];
        key[2 * i + 1] = hex[digest[i] & 0xF];
    }
    key[sizeof digest * 2] = '\0';
    return made;
}
