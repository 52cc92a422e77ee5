/* sandbox/certificate.c: see certificate.h. */
#include "sandbox/certificate.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <stdlib.h>
#include <string.h>

enum { VALID_SECONDS = 30 * 24 * 60 * 60, EARLY_SECONDS = 60 * 60, SERIAL_BYTES = 8 };

/* What the two certificates have, each in the words of OpenSSL's configuration files. */
struct extension {
    int nid;
    const char *value;
};

static const struct extension authority_extensions[] = {
    {NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
    {NID_key_usage, "critical,keyCertSign,cRLSign"},
    {NID_subject_key_identifier, "hash"},
    {0, NULL},
};

static const struct extension server_extensions[] = {
    {NID_basic_constraints, "critical,CA:FALSE"},
    {NID_key_usage, "critical,digitalSignature"},
    {NID_ext_key_usage, "serverAuth"},
    {NID_subject_alt_name, "IP:127.0.0.1,DNS:localhost"},
    {NID_subject_key_identifier, "hash"},
    {NID_authority_key_identifier, "keyid"},
    {0, NULL},
};

static bool set_extensions(X509 *certificate, X509 *issuer, const struct extension *extensions)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    for (; extensions->value != NULL; extensions++) {
        X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, extensions->nid, extensions->value);
        bool added = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
        X509_EXTENSION_free(extension);
        if (!added)
            return false;
    }
    return true;
}

/* 63 random bits: positive, and never twice. */
static bool set_serial(X509 *certificate)
{
    unsigned char bytes[SERIAL_BYTES];
    uint64_t number = 0;
    if (RAND_bytes(bytes, sizeof bytes) != 1)
        return false;
    memcpy(&number, bytes, sizeof number);
    return ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), number >> 1 | 1) == 1;
}

static bool set_name(X509 *certificate, const char *name)
{
    return X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                                      (const unsigned char *)name, -1, -1, 0) == 1;
}

/* Everything but the signature. `issuer` may be the certificate itself. */
static bool fill(X509 *certificate, EVP_PKEY *key, const char *name, X509 *issuer, const struct extension *extensions)
{
    return X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate) &&
           set_name(certificate, name) && X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1 &&
           X509_gmtime_adj(X509_getm_notBefore(certificate), -EARLY_SECONDS) != NULL &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), VALID_SECONDS) != NULL &&
           X509_set_pubkey(certificate, key) == 1 && set_extensions(certificate, issuer, extensions);
}

/* A certificate of `key` for `name`, signed with `signer` in the name of `issuer`, or of itself where that is NULL. */
static X509 *make(EVP_PKEY *key, const char *name, X509 *issuer, EVP_PKEY *signer, const struct extension *extensions)
{
    X509 *certificate = X509_new();
    if (certificate != NULL && (!fill(certificate, key, name, issuer != NULL ? issuer : certificate, extensions) ||
                                X509_sign(certificate, signer, EVP_sha256()) == 0)) {
        X509_free(certificate);
        certificate = NULL;
    }
    return certificate;
}

/* What was written to `bio`, as a text of its own; frees `bio`. NULL when memory ran out, or nothing was written. */
static char *text_of(BIO *bio, bool written)
{
    char *data = NULL;
    char *text = NULL;
    long length = written ? BIO_get_mem_data(bio, &data) : 0;
    if (length > 0)
        text = calloc(1, (size_t)length + 1);
    if (text != NULL)
        memcpy(text, data, (size_t)length); /* which has no NUL at its end */
    BIO_free(bio);
    return text;
}

/* `second` may be NULL. */
static char *certificates_text(X509 *first, X509 *second)
{
    BIO *bio = BIO_new(BIO_s_mem());
    bool written =
        bio != NULL && PEM_write_bio_X509(bio, first) == 1 && (second == NULL || PEM_write_bio_X509(bio, second) == 1);
    return text_of(bio, written);
}

static char *key_text(EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_secmem()); /* wiped when it is freed */
    bool written = bio != NULL && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1;
    return text_of(bio, written);
}

bool sandbox_certificate_make(struct sandbox_certificate *certificate)
{
    EVP_PKEY *signer = EVP_EC_gen("P-256");
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *authority = NULL;
    X509 *server = NULL;
    *certificate = (struct sandbox_certificate){0};
    if (signer != NULL && key != NULL)
        authority = make(signer, "atobarai sandbox authority", NULL, signer, authority_extensions);
    if (authority != NULL)
        server = make(key, "localhost", authority, signer, server_extensions);
    if (server != NULL) {
        certificate->authority = certificates_text(authority, NULL);
        certificate->chain = certificates_text(server, authority);
        certificate->key = key_text(key);
    }
    X509_free(server);
    X509_free(authority);
    EVP_PKEY_free(key);
    EVP_PKEY_free(signer);
    if (certificate->authority != NULL && certificate->chain != NULL && certificate->key != NULL)
        return true;
    sandbox_certificate_free(certificate);
    return false;
}

void sandbox_certificate_free(struct sandbox_certificate *certificate)
{
    if (certificate->key != NULL)
        OPENSSL_cleanse(certificate->key, strlen(certificate->key));
    free(certificate->key);
    free(certificate->chain);
    free(certificate->authority);
    *certificate = (struct sandbox_certificate){0};
}
