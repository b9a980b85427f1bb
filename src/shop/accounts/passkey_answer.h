/*
 * passkey_answer: what a browser answers in the name of an authenticator, as toJSON() of its
 * PublicKeyCredential. Private to accounts/.
 *
 * An answer is read before anything is looked up: it must be of the kind that is expected, from a
 * page of this marketplace, for this marketplace, and given by somebody who has shown the
 * authenticator who they are. Then its challenge, which works once, is taken, and its signature
 * verified with the key that was registered.
 */
#ifndef SEBEZ_SHOP_ACCOUNTS_PASSKEY_ANSWER_H
#define SEBEZ_SHOP_ACCOUNTS_PASSKEY_ANSWER_H

#include "base/webauthn.h"
#include "passkeys.sql.h"
#include "web/request.h"

enum passkey_purpose { PASSKEY_REGISTRATION, PASSKEY_SIGN_IN, PASSKEY_STEP_UP };

enum { PASSKEY_CHALLENGE_BYTES = 32 };

struct passkey_answer { /* in the request's arena */
	enum passkey_purpose purpose;
	uint8_t challenge[PASSKEY_CHALLENGE_BYTES];
	struct webauthn_piece credential_id;
	struct webauthn_piece client_data; /* JSON of the browser, whose hash is signed */
	struct webauthn_piece raw;         /* data, as it is signed */
	struct webauthn_data data;
	struct webauthn_piece signature;   /* none of a registration */
	struct webauthn_piece user_handle; /* the id of the account; empty: not told */
};

/* Makes a challenge, which expires after LIMIT_PASSKEY_CHALLENGE_S, in db (of sebez_auth).
 * email_key: of whoever signs in, or NULL. Ends the task (409) when the server has no domain.
 * Suspends. */
void passkey_challenge(struct request *rq, struct db *db, enum passkey_purpose purpose,
                       const char *email_key, uint8_t ret[PASSKEY_CHALLENGE_BYTES]);

/* Reads the answer in JSON that field `field` has. Ends the task (400 naming a member; 401
 * bad_credentials when it is not what the purpose needs). */
void passkey_answer_read(struct request *rq, const char *field, const char *json,
                         enum passkey_purpose purpose, struct passkey_answer *ret);

/* Takes the challenge, of this session when the purpose has one. Ends the task (401). Suspends. */
const struct passkey_challenge_take_row *passkey_answer_take(struct request *rq,
                                                             const struct passkey_answer *answer);

/* Whether the registered key (in COSE's form) has signed it. */
bool passkey_answer_is_signed(struct arena *arena, const struct passkey_answer *answer,
                              struct bytes public_key);

/* PROBLEM_BAD_CREDENTIALS, and why. */
_Noreturn void passkey_refuse(struct request *rq, const char *detail);

#endif
