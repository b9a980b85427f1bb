/*
 * talk: what chat's handlers share. Who speaks is the actor: staff speak for their vendor,
 * everybody else for themselves; what they may see is the database's to say.
 */
#ifndef SEBEZ_SHOP_CHAT_TALK_H
#define SEBEZ_SHOP_CHAT_TALK_H

#include "api.gen.h"
#include "shop/chat/chat.h"
#include "web/request.h"

bool talk_is_staff(const struct request *rq);
/* Whose presence and typing it is: the account or the vendor that speaks. */
struct uuid talk_speaker(const struct request *rq);

/* conversations.c: the conversation as the caller's side sees it; no row when it sees none. */
struct rows *talk_conversation(struct request *rq, struct db *db, struct uuid id);
/* Answers it with how the other side is, at this moment; or 404. */
void talk_reply_conversation(struct request *rq, struct uuid id);

/* Statements of this batch or transaction have noted events. Everything of chat that the feed is to
 * tell goes through here, and SQL notes them (feed_note). */
void chat_announce(struct db *db);

/* send.c: the refusal of what was judged by rules that have changed since. */
#define CHAT_RULES_CHANGED "SBM01"

/* presence.c: coarse, in Redis, gone in a day. While Redis is down nobody seems to be here. */
int presence_start(const struct area_options *options);
void presence_seen(struct uuid who);
/* Minutes since, in steps of five; -1 when that is not known. May suspend. */
int presence_minutes_ago(struct uuid who);
void presence_typing(struct uuid conversation, struct uuid who);
bool presence_is_typing(struct uuid conversation, struct uuid who);

#endif
