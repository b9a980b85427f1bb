/*
 * sender: sending the rows of a batch of the outbox. send.c reads what is to be sent, send_each.c
 * sends requests of one message (FCM, APNs, Web Push), send_expo.c those of many, outcome.c turns
 * verdicts into outcomes, and refusals.c logs those that somebody must know of. activities.c sends
 * what moves Live Activities. Private to the area.
 */
#ifndef SEBEZ_SHOP_PUSH_SENDER_H
#define SEBEZ_SHOP_PUSH_SENDER_H

#include "shop/outbox/outbox.h"
#include "shop/push/credentials.h"
#include "task/task.h"

enum push_provider { PUSH_FCM, PUSH_APNS, PUSH_WEB, PUSH_EXPO, PUSH_PROVIDER_COUNT };

/* A row of the outbox and its message. */
struct sending {
	struct delivery *delivery;
	enum push_provider provider;
	struct uuid account_id, device_id;
	const char *known_as;  /* the account, for push_show() */
	int64_t registered_ms; /* when the app registered the address */
	struct push push;
	const struct apns_activity *activity; /* NULL: it is a message */
	bool is_sandbox;                      /* APNs: where it is sent */
	bool has_switched;      /* APNs: the other environment did not know the address */
	bool has_renewed;       /* a token of ours was refused, and it was sent with another one */
	const char *token;      /* of ours, with which it was sent */
	const char *web_origin; /* of a browser's address, once it was needed */
	bool is_under_way;
	bool is_in_doubt; /* of the last call: the provider may have taken it */
	bool is_hopeless; /* its host has failed for another one of the batch */
};

/* What became of an address: an outcome for the table `device`. */
struct push_address {
	const struct sending *sending;
	bool is_gone; /* else it is of the other environment than we thought */
};

struct push_batch {
	struct task *task;
	struct sending *sendings;
	size_t count;
	struct push_address *addresses; /* room for one of each sending */
	size_t address_count;
	int64_t read_ms; /* of the loop: when it was asked whom they concern */
};

/* Of this process. */
struct push_sender {
	const struct push_settings *settings;
	struct push_credentials credentials;
	struct web_push_sender *web;
};
extern struct push_sender push_sender;

/* Once per jobs process. 0 or -errno. */
int push_start(const struct push_settings *settings) __attribute__((warn_unused_result));

/* Deliverers (shop/outbox/outbox.h). */
void push_deliver(struct task *task, struct delivery rows[], size_t count);
/* Whether what was read then still holds. */
bool push_is_fresh(int64_t read_ms);
/* Reads again which of these, whose attempts have begun, may be sent; the others are concluded, and
 * left out. Returns how many stay. Suspends the fiber. */
size_t push_read_again(struct push_batch *batch, struct sending sendings[], size_t count);
void push_ask_receipts(struct task *task, struct delivery rows[], size_t count);
void activities_deliver(struct task *task, struct delivery rows[], size_t count);

void send_each(struct push_batch *batch);
void send_expo(struct push_batch *batch);

/* Reports the outcome of an attempt that delivery_begin() allowed, for the row and its address. The
 * row may begin again after PUSH_NOT_SENT only. */
void push_conclude(struct push_batch *batch, struct sending *sending,
                   const struct push_verdict *verdict);
/* The same for all rows that may still begin, when there is no token for them. */
void push_conclude_all(struct push_batch *batch, const struct push_verdict *verdict);
/* Writes what became of addresses. Suspends the fiber. */
void push_finish(struct push_batch *batch);

/* The last message that a provider took came within an hour: so our settings are right. At services
 * that are not known by name anybody may take messages: those do not count. */
void push_note_success(const struct sending *sending);
bool push_has_succeeded(enum push_provider provider);
/* The service is one that we know by name, not a host that somebody gave us. */
bool push_is_named(const struct sending *sending);
/* Logs a verdict of PUSH_ALARM, PUSH_FOREIGN or PUSH_DROPPED, at most once an hour for each
 * provider: as an error when a setting of ours seems to be wrong. */
void push_log_refusal(enum push_provider provider, bool is_named,
                      const struct push_verdict *verdict);
extern const char *const PUSH_PROVIDERS[PUSH_PROVIDER_COUNT];

#endif
