/*
 * sigv4: AWS Signature Version 4 as S3 uses it: signed headers, presigned URLs and POST policies,
 * and the verification of presigned URLs.
 *
 * Differences of S3 from the other services: each segment of the path is encoded once, and the
 * path is not normalised. Formulas: "Authenticating Requests (AWS Signature Version 4)" in the
 * reference of Amazon S3's API.
 *
 * All texts given are plain; this file encodes them. Results live in the arena.
 */
#ifndef SEBEZ_STORE_SIGV4_H
#define SEBEZ_STORE_SIGV4_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

enum {
	SIGV4_SHA256_LENGTH = 64,        /* hexadecimal digits of a SHA-256 */
	SIGV4_EXPIRES_MAX_S = 7 * 86400, /* of a presigned URL; S3's own bound */
	SIGV4_KEPT_SIZE = 129,           /* of a secret or a region; longer ones are not kept */
	SIGV4_PAIRS_MAX = 32,            /* headers, and parameters of the query, of a call */
};

/* In the place of the payload's SHA-256: the payload is not part of the signature. */
#define SIGV4_UNSIGNED_PAYLOAD "UNSIGNED-PAYLOAD"

/* What four of the five HMACs of a signature give: the key of a day and a region. Kept by whoever
 * signs much; all zero at first. */
struct sigv4_day {
	char secret_key[SIGV4_KEPT_SIZE]; /* that it is made of */
	char region[SIGV4_KEPT_SIZE];
	char day[8];
	uint8_t key[32];
};

struct sigv4_keys {
	const char *access_key;
	const char *secret_key;
	const char *session_token; /* NULL: the keys are not temporary */
	struct sigv4_day *day;     /* NULL: nothing is kept */
};

struct sigv4_pair {
	const char *name; /* of a header: in lower case */
	const char *value;
};

struct sigv4_call {
	const char *method;
	const char *region;
	const char *host; /* as in the header Host: with the port, unless it is the scheme's */
	const char *path; /* begins with a slash */
	/* In any order, at most SIGV4_PAIRS_MAX each, without the ones that signing adds. All
	 * headers are signed. */
	const struct sigv4_pair *query;
	size_t query_count;
	const struct sigv4_pair *headers;
	size_t header_count;
	const char *payload_sha256; /* lower case, or SIGV4_UNSIGNED_PAYLOAD */
	int64_t at_us;              /* time of the signature */
};

/* What a signed request sends beside the headers of its call. */
struct sigv4_signed {
	const char *target;             /* path and query, encoded */
	const char *authorization;      /* Authorization */
	const char *amz_date;           /* X-Amz-Date */
	const char *amz_content_sha256; /* X-Amz-Content-Sha256 */
	const char *amz_security_token; /* X-Amz-Security-Token; NULL: send none */
};

struct sigv4_signed sigv4_sign(struct arena *arena, const struct sigv4_keys *keys,
                               const struct sigv4_call *call);

/* Path and query of a URL that is valid for 1 to SIGV4_EXPIRES_MAX_S seconds. Whoever uses it sends
 * the headers of the call with the same values. The payload is not part of the signature. */
const char *sigv4_presign(struct arena *arena, const struct sigv4_keys *keys,
                          const struct sigv4_call *call, int64_t expires_s);

struct sigv4_policy {
	const char *policy; /* base64 of the policy's JSON */
	const char *signature;
};

/* The members of the policy's conditions that name the signer, which the form repeats. */
const char *sigv4_credential(struct arena *arena, const struct sigv4_keys *keys, const char *region,
                             int64_t at_us);
const char *sigv4_date(struct arena *arena, int64_t at_us);

struct sigv4_policy sigv4_sign_policy(struct arena *arena, const struct sigv4_keys *keys,
                                      const char *region, int64_t at_us, const char *json);

enum sigv4_verdict {
	SIGV4_VALID,
	SIGV4_MALFORMED, /* a parameter is missing, twice there or not of its form */
	SIGV4_EXPIRED,
	SIGV4_NOT_YET, /* signed more than SIGV4_SKEW_S from now in the future */
	SIGV4_FORGED,  /* another key, region, path, method, header or parameter */
};

enum { SIGV4_SKEW_S = 15 * 60 }; /* of the signer's clock; S3's own bound */

/*
 * sigv4_verify: whether the query of a call is the one that sigv4_presign makes for it.
 *
 *   call     as received, decoded: the query with its signature, all headers (of which those
 *            count that the query calls signed); payload_sha256, region and at_us are not read
 *   now_us   time of the decision
 *   region   the only one that is valid
 */
enum sigv4_verdict sigv4_verify(struct arena *arena, const struct sigv4_keys *keys,
                                const char *region, const struct sigv4_call *call, int64_t now_us);

#endif
