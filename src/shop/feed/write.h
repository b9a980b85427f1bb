/*
 * write: the functions that the generated code (feed.gen.c) uses to write events.
 */
#ifndef SEBEZ_SHOP_FEED_WRITE_H
#define SEBEZ_SHOP_FEED_WRITE_H

#include "api.gen.h"
#include "task/db.h"

/* owner is an account or a vendor; the payload is JSON, and must stay valid until the commit. */
void feed_write(struct db *db, struct uuid owner, enum event_kind kind, const char *payload);

void feed_pass(struct arena *arena, struct uuid owner, enum passing_kind kind, const char *payload);

#endif
