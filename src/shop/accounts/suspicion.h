/*
 * suspicion: a proof that is asked of whoever registers, signs in or asks for a code, once many
 * have done so lately: for the same address of e-mail, or from the same network. It is work of a
 * computer (some 0.2 s), or a challenge of a service (hCaptcha, Turnstile), by setting.
 * docs/ACCOUNTS.md, "Proofs". Private to accounts/.
 *
 * Work is asked for by a challenge that is signed and bound to operation, address and network, so
 * nothing is kept of it.
 */
#ifndef SEBEZ_SHOP_ACCOUNTS_SUSPICION_H
#define SEBEZ_SHOP_ACCOUNTS_SUSPICION_H

#include "web/request.h"

/* Counts the request, and takes the proof of its header X-Proof when it is suspicious. Ends the
 * task (403 proof_required, which says what to do). Before anything is looked up. Suspends. */
void suspicion_expect(struct request *rq, const char *email);

#endif
