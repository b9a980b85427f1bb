/*
 * talk: helpers shared by chat's handlers. The speaker is the actor: staff speak for their vendor,
 * all others for themselves. The database decides what they may see.
 */
#ifndef SEBEZ_SHOP_CHAT_TALK_H
#define SEBEZ_SHOP_CHAT_TALK_H

#include "api.gen.h"
#include "shop/chat/chat.h"
#include "web/request.h"

bool talk_is_staff(const struct request *rq);
/* The owner of presence and typing: the speaking account or vendor. */
struct uuid talk_speaker(const struct request *rq);

/* conversations.c: the conversation in the view of the caller's side; no row when not visible. */
struct rows *talk_conversation(struct request *rq, struct db *db, struct uuid id);
/* Replies with the conversation and the other side's current presence and typing; or 404. */
void talk_reply_conversation(struct request *rq, struct uuid id);

/* messages.c: the message, without links (attachments.h); no row when not visible. */
struct rows *talk_message(struct request *rq, struct db *db, struct uuid conversation,
                          struct uuid id);

/* Call after statements of this batch or transaction have added events (feed_add_events in SQL).
 * All events of chat are published through this function. */
void chat_announce(struct db *db);

/* send.c: SQLSTATE when the rules changed after the message was judged. */
#define CHAT_RULES_CHANGED "SBM01"

/* presence.c: coarse, in Redis, expires after a day. While Redis is down, presence is unknown. */
int presence_start(const struct area_options *options);
void presence_seen(struct uuid who);
/* Minutes since last seen, in steps of five; -1 when unknown. May suspend. */
int presence_minutes_ago(struct uuid who);
void presence_typing(struct uuid conversation, struct uuid who);
bool presence_is_typing(struct uuid conversation, struct uuid who);

#endif
