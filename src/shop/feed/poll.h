/*
 * poll: who is parked. A parked poll is a small struct at its feed, with a deadline on a timing
 * wheel; it is answered when something happens, at its deadline, when its permission goes, or when
 * the process drains. A stream is one that is never over until then. Private to feed/.
 */
#ifndef SEBEZ_SHOP_FEED_POLL_H
#define SEBEZ_SHOP_FEED_POLL_H

#include "shop/feed/hub.h"
#include "web/park.h"

void polls_start(void);
void polls_stop(void);  /* after they were drained */
void polls_drain(void); /* answers all, and parks nobody any more */
bool polls_draining(void);
unsigned polls_count(void);

/* Ends the request (503) when too many are parked, or too many streams of its account. */
void poll_admit(struct request *rq, const struct followed *feed, bool is_stream);
/* Parks the request, which has read up to `after`; what has happened since is answered at once. */
void poll_park(struct request *rq, struct followed *feed, int64_t after, int32_t limit,
               int64_t wait_ms);
/* As a stream, whose beginning is given. */
void poll_stream(struct request *rq, struct followed *feed, int64_t after, const char *begin,
                 size_t length);

/* Something goes on that is told to whoever waits here now. */
void polls_pass(struct followed *feed, const char *json, size_t length);
/* Something is new in this feed, or it has become unknown. */
void polls_news(struct followed *feed);
void polls_all_news(void);
void polls_revoke(const struct revocation *revocation);

/* Chance, so that those who were answered together do not come back together. */
int spread_ms(int least, int most);

#endif
