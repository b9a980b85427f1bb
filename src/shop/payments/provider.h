/*
 * provider: what Sebez knows about providers of payments, one file for each. Private to the area.
 *
 * A provider is asked about one attempt or refund at a time, outside of any transaction, with the
 * id of our row as idempotency key; so asking again is harmless. Its answer is one word of enum
 * payment_word, whatever its protocol is.
 */
#ifndef SEBEZ_SHOP_PAYMENTS_PROVIDER_H
#define SEBEZ_SHOP_PAYMENTS_PROVIDER_H

#include <jansson.h>

#include "base/uuid.h"
#include "shop/payments/payments.h"
#include "task/task.h"

enum payment_act {
	PAYMENT_START,
	PAYMENT_FETCH, /* what became of the attempt */
	PAYMENT_CAPTURE,
	PAYMENT_CANCEL,
	PAYMENT_REFUND,
	PAYMENT_FETCH_REFUND,
};

struct payment_ask {
	enum payment_act act;
	struct uuid attempt;
	int64_t amount;
	const char *currency;
	const char *order_number;
	const char *token, *return_url; /* may be NULL */
	const char *reference;          /* the provider's id of the attempt; NULL: not known */
	const char *origin;             /* of this server, for PAYMENT_START; else NULL */
	/* PAYMENT_REFUND, PAYMENT_FETCH_REFUND */
	struct uuid refund;
	int64_t refund_amount;
	const char *refund_reference; /* may be NULL */
	bool is_doubtful;             /* it was asked for before, and may have been made */
};

enum payment_word {
	/* Of an attempt. */
	PAYMENT_NEEDS_ACTION,
	PAYMENT_AUTHORISED,
	PAYMENT_CAPTURED,
	PAYMENT_FAILED,
	PAYMENT_CANCELLED,
	PAYMENT_EXPIRED,
	PAYMENT_PROCESSING, /* it does not know yet */
	PAYMENT_ABSENT,     /* it was never asked */
	/* Of a refund. */
	PAYMENT_REFUNDED,
	PAYMENT_REFUND_PENDING,
	PAYMENT_REFUND_REFUSED,
	/* Of either. */
	PAYMENT_UNANSWERED, /* it may have done what it was asked */
	PAYMENT_UNSENT,     /* it was not asked: this process could not */
	PAYMENT_MISTAKE,    /* it refuses us: our settings or our request are wrong */
	PAYMENT_WORD_COUNT,
};
extern const char *const PAYMENT_WORDS[PAYMENT_WORD_COUNT]; /* for logs */

struct payment_answer {
	enum payment_word word;
	const char *reference; /* the provider's id of the attempt or refund; NULL: not said */
	const char *action;    /* PaymentAction of the contract as JSON; NULL: none */
	const char *failure;   /* a word; NULL: none */
};

enum payment_can {
	PAYMENT_CAN_CANCEL = 1 << 0,
	PAYMENT_TAKES_TOKENS = 1 << 1,
};

struct webhook_in;

/* What a webhook is about: by our ids, a chargeback by the provider's. NULL: none. */
struct webhook_subject {
	const char *attempt, *refund, *chargeback;
};

/* What is said to the bank of a customer. */
struct chargeback_evidence {
	const char *occasion; /* the same when it is sent again, as its answer was lost */
	const char *text;     /* all that vendors and admins say */
	/* What was sold and sent; NULL: not known. */
	const char *goods, *customer, *address, *carrier, *tracking_number, *shipped_on;
};

/* What a provider says of a chargeback. */
struct chargeback_answer {
	enum payment_word word; /* PAYMENT_CAPTURED: what follows is known; else why it is not */
	bool is_refused;        /* the evidence was not taken; what follows is known all the same */
	const char *state;      /* ChargebackStatus of the contract */
	const char *payment;    /* our id of the attempt, or the provider's (its reference) */
	int64_t amount, fee;
	const char *currency;  /* of the amount; NULL: the attempt's */
	const char *reason;    /* NULL: none */
	int64_t respond_by_us; /* 0: it takes no evidence */
};

struct payment_provider {
	const char *name;
	unsigned can;
	/* Whether it is set up, and takes that currency. */
	bool (*offers)(const struct payment_settings *settings, const char *currency);
	/* May wait. */
	struct payment_answer (*ask)(struct task *task, const struct payment_settings *settings,
	                             const struct payment_ask *ask);
	/* Of its webhooks (webhook.h): whether one is its own, and what it is about. NULL: it has
	 * no webhooks. */
	bool (*verify)(const struct payment_settings *settings, const struct webhook_in *webhook);
	struct webhook_subject (*subject)(const json_t *json);
	/* What became of a chargeback, by its id; evidence: sends it before, NULL: does not.
	 * Sending again is harmless. May wait. NULL: the provider tells of none. */
	struct chargeback_answer (*chargeback)(struct task *task,
	                                       const struct payment_settings *settings,
	                                       const char *reference,
	                                       const struct chargeback_evidence *evidence);
};

extern const struct payment_provider SANDBOX, CHAPA, STRIPE;

/* All of them; ends with NULL. */
extern const struct payment_provider *const PAYMENT_PROVIDERS[];
/* NULL: none of that name. */
const struct payment_provider *payment_provider_named(const char *name);

/* Asks it. Asserts that no transaction is open. */
struct payment_answer payment_ask(struct task *task, const struct payment_provider *provider,
                                  const struct payment_ask *ask);

void payment_settings_keep(const struct payment_settings *settings); /* once per process */
const struct payment_settings *payment_settings(void);

#endif
