/*
 * s3_credentials: the keys that sign our calls to S3.
 *
 * In this order: the settings; AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN; the
 * container's (AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI, of ECS and EKS); the machine's
 * role (EC2 metadata, version 2 only). Temporary keys are fetched again before they expire, by one
 * fiber while the others use those that are still valid.
 */
#ifndef SEBEZ_STORE_S3_CREDENTIALS_H
#define SEBEZ_STORE_S3_CREDENTIALS_H

#include <stdint.h>

#include "base/arena.h"
#include "store/sigv4.h"

struct s3_credentials;

/* The keys may be "": then they come from the environment or the platform. NULL: no memory. */
struct s3_credentials *s3_credentials_new(const char *access_key, const char *secret_key);
void s3_credentials_free(struct s3_credentials *credentials); /* NULL is fine */

/* Keys that are valid now, copied to the arena. Suspends the fiber. Returns 0, or -EACCES when
 * there are none; *ret_why is a sentence for the log then. */
int s3_credentials_get(struct s3_credentials *credentials, struct arena *arena, int64_t deadline_ms,
                       struct sigv4_keys *ret, const char **ret_why)
    __attribute__((warn_unused_result));

/* S3 has refused the keys as expired: fetch others at the next call. */
void s3_credentials_expire(struct s3_credentials *credentials);

#endif
