/* outage: reports that a store cannot be reached, and why, to a listener who may log it.
 * Connections are opened in the background, where no caller receives an error. */
#ifndef SEBEZ_STORE_OUTAGE_H
#define SEBEZ_STORE_OUTAGE_H

#include <stdbool.h>
#include <stdint.h>

/* Called when an outage begins, when its reason changes (at most once a second per store), and,
 * with reason NULL, when it is over. A reason never holds a password. */
typedef void outage_fn(const char *store, const char *reason);

void outage_report(outage_fn *tell); /* once per process; before it outages are not reported */

/* State of one pool or connection; zeroed at first. */
struct outage {
	char told[256]; /* the reason reported; "" while no outage was reported */
	int64_t quiet_until_ms;
	int64_t last_ms; /* of the latest failure */
};

void outage_on(struct outage *outage, const char *store, const char *reason);
void outage_over(struct outage *outage, const char *store);

/* It began, and nothing has succeeded since, but it may be over when nothing has failed for a
 * minute: nobody may have tried. */
bool outage_is_on(const struct outage *outage);

#endif
