/*
 * dkim: signatures of mails (RFC 6376), by which receivers know that a domain answers for them:
 * rsa-sha256 and ed25519-sha256 (RFC 8463), headers and body relaxed. Pure computation.
 */
#ifndef SEBEZ_BASE_DKIM_H
#define SEBEZ_BASE_DKIM_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct dkim_key; /* owned by whoever made it */

/* PEM that is not encrypted, of RSA with at least 1024 bits or Ed25519. NULL: *ret_error says why,
 * without the key. */
struct dkim_key *dkim_key_from_pem(const char *pem, size_t length, const char **ret_error);
void dkim_key_free(struct dkim_key *key); /* NULL is fine */
/* The value of the record selector._domainkey.domain. NULL: no memory. */
const char *dkim_record(struct arena *arena, const struct dkim_key *key);

/* The header with CR LF that goes in front of the mail. NULL: no memory. */
const char *dkim_sign(struct arena *arena, const struct dkim_key *key, const char *domain,
                      const char *selector, int64_t time_s, const char *mail, size_t length);

#endif
