/*
 * limit: rate limits. A rule allows a number of requests per time window to each caller, identified
 * by address or by account; each area registers its own. Counters are in Redis, shared by all
 * processes, or in a table of the process while Redis is unavailable. Operations without x-limit
 * have no rule and cost no round trip.
 */
#ifndef SEBEZ_WEB_LIMIT_H
#define SEBEZ_WEB_LIMIT_H

#include "web/request.h"

enum limit_by {
	LIMIT_BY_ADDRESS,
	LIMIT_BY_ACCOUNT,          /* by address for anonymous callers */
	LIMIT_BY_OTHER,            /* for limit_guess: by its argument */
	LIMIT_BY_OTHER_AT_ADDRESS, /* for limit_guess */
};

struct limit_rule {
	const char *name;
	enum limit_by by;
	int64_t count;
	int64_t window_s;
};

/* At start-up, before web_start. The table ends with a row of zeros and lives as long as the
 * process; NULL is an empty one. No name may be registered twice. */
void limit_register(const struct limit_rule rules[]);

/* Counts this request against its operation's rule; ends the task (429) when the limit is exceeded.
 * Sets RateLimit-Policy and RateLimit on the reply. May suspend. */
void limit(struct request *rq);

/*
 * Counts a guess at a secret against a named rule. `who` identifies the target of the guess, for
 * example an e-mail address. At most LIMIT_GUESSES calls per request. Ends the task (429). May
 * suspend.
 */
void limit_guess(struct request *rq, const char *rule, const char *who);

/* Reverts what this request has counted by limit_guess: the secret was right, or the request ended
 * without an answer about it. No-op when nothing was counted. May suspend. */
void limit_refund_guesses(struct request *rq);

/* Counts the request against a named rule that refuses nothing by itself, and says whether it is
 * beyond the rule's count. who: as of limit_guess; NULL of a rule by address. May suspend. */
bool limit_is_beyond(struct request *rq, const char *rule, const char *who);

bool limit_rule_exists(const char *rule);

void limit_start(void);

#endif
