/*
 * area: what an area registers with the rest of the program. Each area that registers something
 * defines one struct area in its area.c, and shop.c lists them.
 *
 * The tables end with a row of zeros. Missing members are NULL.
 */
#ifndef SEBEZ_SHOP_AREA_H
#define SEBEZ_SHOP_AREA_H

#include <stdbool.h>
#include <stdint.h>

struct account_settings;
struct db_constraint;
struct db_refusal;
struct job;
struct limit_rule;
struct mail_settings;
struct objects;
struct outbox_topic;
struct payment_settings;
struct push_settings;
struct redis;
struct sms_settings;

struct area_options {
	struct redis *redis;     /* may be down */
	const char *redis_url;   /* for a separate connection */
	struct objects *objects; /* store/objects.h: images and files */
	/* shop/push/push.h, to be copied; NULL: the process neither sends push messages nor shows
	 * them. */
	const struct push_settings *push;
	const struct sms_settings *sms; /* shop/sms/sms.h, to be copied; NULL likewise */
	/* shop/mail/mail.h, to be copied; NULL: the process has nothing to do with mails. */
	const struct mail_settings *mail;
	/* shop/payments/payments.h, to be copied; NULL: the process has nothing to do with them. */
	const struct payment_settings *payments;
	/* shop/accounts/accounts.h, to be copied; NULL likewise. */
	const struct account_settings *accounts;
	const char *language; /* the marketplace's, one that has texts (shop/texts/texts.h) */
	/* A PDF of a document, both memfds (node/paper.h); NULL: the process makes none. */
	int (*make_paper)(int document, int64_t deadline_ms, int *ret_pdf);
	bool serves; /* an api process, not the jobs process */
};

struct area {
	const char *name;
	const struct db_refusal *refusals;       /* task/db_error.h: errors of its SQL */
	const struct db_constraint *constraints; /* task/db_error.h: its constraints */
	const struct limit_rule *limits;         /* web/limit.h: rate limits, named by x-limit */
	const struct job *jobs;                  /* task/job.h: jobs of the jobs process */
	const struct outbox_topic *topics;       /* shop/outbox/outbox.h: effects and deliverers */
	const char *follower; /* of all events: its row of event_follower (feed_follow()) */

	/* Once per process that serves or runs jobs, after the stores are open. 0 or -errno. */
	int (*start)(const struct area_options *options);
	void (*drain)(void);   /* before shutdown: end waiting requests */
	bool (*is_busy)(void); /* has work in progress that delays shutdown */
	void (*stop)(void);    /* before the stores close */
};

/* All areas that register something; ends with NULL. */
extern const struct area *const AREAS[];

#endif
