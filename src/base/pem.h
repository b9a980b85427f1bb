/* pem: private keys as files have them. */
#ifndef SEBEZ_BASE_PEM_H
#define SEBEZ_BASE_PEM_H

#include <openssl/evp.h>
#include <stddef.h>

/* The caller frees the key with EVP_PKEY_free. NULL: the text is no private key in PEM, or the key
 * is encrypted, or no memory. Never asks for a password. length: at most INT_MAX. */
EVP_PKEY *pem_private_key(const char *text, size_t length);

#endif
