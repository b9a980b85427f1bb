/*
 * area: what an area contributes to the rest of the program. Each area that contributes something
 * defines one struct area in its area.c, and shop.c lists them.
 *
 * The tables end with a row of zeros. Whatever an area does not have is NULL.
 */
#ifndef SEBEZ_SHOP_AREA_H
#define SEBEZ_SHOP_AREA_H

#include <stdbool.h>

struct db_constraint;
struct db_refusal;
struct job;
struct limit_rule;
struct outbox_topic;
struct redis;

struct area_options {
	struct redis *redis;   /* may be down */
	const char *redis_url; /* for a connection of one's own */
	bool serves;           /* an api process, not the jobs process */
};

struct area {
	const char *name;
	const struct db_refusal *refusals;       /* task/db_error.h: what its SQL raises */
	const struct db_constraint *constraints; /* task/db_error.h: what its keys refuse */
	const struct limit_rule *limits;         /* web/limit.h: rate rules, named by x-limit */
	const struct job *jobs;                  /* task/job.h: what the jobs process runs */
	const struct outbox_topic *topics;       /* shop/outbox/outbox.h: effects and consumers */

	/* Once per process that serves or runs jobs, when the stores are open. 0 or -errno. */
	int (*start)(const struct area_options *options);
	void (*drain)(void);   /* the process is about to end: keep nobody waiting */
	bool (*is_busy)(void); /* works at this moment: no time to end */
	void (*stop)(void);    /* before the stores close */
};

/* All areas that contribute something; ends with NULL. */
extern const struct area *const AREAS[];

#endif
