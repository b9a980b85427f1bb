/*
 * outage: that a store cannot be reached, and why, for somebody who may log it. Connections are
 * opened in the background, where no caller takes an error.
 */
#ifndef SEBEZ_STORE_OUTAGE_H
#define SEBEZ_STORE_OUTAGE_H

#include <stdint.h>

/* Told when it begins and when its reason changes, once a second at most for each store; and,
 * with reason NULL, when it is over. No reason holds a password. */
typedef void outage_fn(const char *store, const char *reason);

void outage_report(outage_fn *tell); /* once per process; before it nobody is told */

/* Of one pool or connection; zeroed at first. */
struct outage {
	char told[256]; /* the reason; "" while there is no outage that was told */
	int64_t quiet_until_ms;
};

void outage_on(struct outage *outage, const char *store, const char *reason);
void outage_over(struct outage *outage, const char *store);

#endif
