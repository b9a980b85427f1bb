/*
 * talk: what the handlers of both sides share. Who speaks is the actor: staff speak for their
 * vendor, everybody else for themselves; what they may see is the database's to say. Each of
 * these that takes a request answers it.
 */
#ifndef SEBEZ_SHOP_CHAT_TALK_H
#define SEBEZ_SHOP_CHAT_TALK_H

#include "api.gen.h"
#include "shop/chat/chat.h"
#include "web/request.h"

struct outgoing {
	struct uuid conversation_id;
	const char *client_id;
	const char *text; /* or NULL */
	size_t attachment_count;
	const struct attachment_input_in *attachments;
	const struct uuid *product_id, *sub_order_id;
	const int32_t *reply_to;
};

struct excerpt {
	struct uuid conversation_id;
	enum message_order_choice order;
	const int32_t *after_seq, *before_seq;
	const char *cursor;
	int32_t limit;
};

bool talk_is_staff(const struct request *rq);
/* Whose presence and typing it is: the account or the vendor that speaks. */
struct uuid talk_speaker(const struct request *rq);

void talk_send(struct request *rq, const struct outgoing *message);
void talk_read(struct request *rq, const struct excerpt *excerpt);
void talk_edit(struct request *rq, struct uuid conversation, struct uuid message, const char *text);
void talk_delete(struct request *rq, struct uuid conversation, struct uuid message);
/* emoji NULL takes it back. */
void talk_react(struct request *rq, struct uuid conversation, struct uuid message,
                const char *emoji);
void talk_report(struct request *rq, struct uuid conversation, struct uuid message,
                 enum report_reason_choice reason, const char *comment);
void talk_mark_read(struct request *rq, struct uuid conversation, int32_t seq);
void talk_typing(struct request *rq, struct uuid conversation);
void talk_block(struct request *rq, struct uuid conversation, bool blocked);

/* 404 when there is no row; else the conversation with how the other side is, at this moment. */
void talk_reply_conversation(struct request *rq, const struct rows *rows, const char *other_column);

/* Statements of this batch or transaction have noted events. Everything of chat that the feed is to
 * tell goes through here, and in SQL through chat_announce(). */
void chat_announce(struct db *db);

/* presence.c: coarse, in Redis, gone in a day. While Redis is down nobody seems to be here. */
int presence_start(const struct area_options *options);
void presence_seen(struct uuid who);
/* Minutes since, in steps of five; -1 when that is not known. May suspend. */
int presence_minutes_ago(struct uuid who);
void presence_typing(struct uuid conversation, struct uuid who);
bool presence_is_typing(struct uuid conversation, struct uuid who);

#endif
