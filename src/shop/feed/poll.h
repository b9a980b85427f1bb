/*
 * poll: parked polls. A parked poll is a small struct at its feed, with a deadline on a timing
 * wheel. It is answered on a new event, at its deadline, when its permission is revoked, or when
 * the process drains. A stream stays open until its deadline, a revocation or the drain. Private to
 * feed/.
 */
#ifndef SEBEZ_SHOP_FEED_POLL_H
#define SEBEZ_SHOP_FEED_POLL_H

#include "shop/feed/hub.h"
#include "web/park.h"

void polls_start(void);
void polls_stop(void);  /* call after polls_drain */
void polls_drain(void); /* answers all parked polls and parks no more */
bool polls_draining(void);
unsigned polls_count(void);

/* Ends the request (503) when too many polls are parked, or too many streams of its account. */
void poll_admit(struct request *rq, const struct followed *feed, bool is_stream);
/* Parks the request, which has read up to `after`; replies at once when there are later events. */
void poll_park(struct request *rq, struct followed *feed, int64_t after, int32_t limit,
               int64_t wait_ms);
/* Parks the request as a stream and sends its first bytes. */
void poll_stream(struct request *rq, struct followed *feed, int64_t after, const char *begin,
                 size_t length);

/* Sends a passing event to the polls parked at this feed. */
void polls_pass(struct followed *feed, const char *json, size_t length);
/* Call when the feed has new events or has become unknown. */
void polls_news(struct followed *feed);
void polls_all_news(void);
void polls_revoke(const struct revocation *revocation);

/* A random delay, so that clients answered together do not return together. */
int spread_ms(int min, int max);

#endif
