/* The deliverer of the topic mail: writes what is to be sent, and sends it. */
#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "mail.sql.h"
#include "net/log.h"
#include "net/loop.h"
#include "shop/mail/batch.h"
#include "shop/mail/links.h"
#include "shop/mail/sender.h"
#include "shop/mail/shelf.h"
#include "task/db.h"

/* Somebody has to correct a setting, or to speak with whoever runs the mail server. */
enum { TURNED_AWAY_DELAY_MS = 5 * 60 * 1000 };

static struct mail_settings settings;
static bool told; /* that mails wait */

void mail_start(const struct mail_settings *given)
{
	assert(given->public_url[0] != 0);
	settings = *given;
}

/* Before the row of the outbox goes: when this process dies in between, the letter is not sent
 * again. */
static void note_sent(struct mail_batch *batch, const struct mail_sending *sending)
{
	if (sending->kind == MAIL_OF_DIGEST)
		batch->done[batch->done_count++] = sending->delivery->subject_id;
	if (sending->kind == MAIL_OF_AREA)
		batch->ended[batch->ended_count++] = sending->delivery->subject_id;
}

static void note_refused(struct mail_batch *batch, const struct mail_sending *sending,
                         const char *reason)
{
	batch->refused[batch->refused_count++] =
	    (struct mail_suppress_refused){.id = uuid_v7(),
	                                   .address = sending->letter.to,
	                                   .reason = "bad_address",
	                                   .detail = arena_strdup(batch->task->arena, reason)};
}

static void conclude(struct mail_batch *batch, struct mail_sending *sending,
                     const struct smtp_message *message)
{
	struct delivery *delivery = sending->delivery;

	switch (message->verdict) {
	case SMTP_ACCEPTED:
		note_sent(batch, sending);
		delivery_done(delivery);
		break;
	case SMTP_TEMPORARY:
		delivery_retry(delivery, 0, message->reason);
		break;
	case SMTP_BAD_ADDRESS:
		note_refused(batch, sending, message->reason);
		note_sent(batch, sending);
		delivery_skip(delivery);
		break;
	case SMTP_PERMANENT:
		delivery_give_up(delivery, message->reason);
		break;
	case SMTP_TURNED_AWAY:
		LOG_ERROR("the mail server refuses us", log_str("reason", message->reason));
		delivery_unreachable(delivery, TURNED_AWAY_DELAY_MS, message->reason);
		break;
	case SMTP_UNREACHABLE:
		delivery_unreachable(delivery, 0, message->reason);
		break;
	case SMTP_VERDICT_COUNT:
		assert(!"a verdict");
	}
}

/* The sender of the envelope. */
static const char *sender_of(struct arena *arena, const struct mail_sending *sending)
{
	if (settings.bounce_address[0] == 0)
		return settings.from;
	if (uuid_is_nil(sending->account_id))
		return bounce_sender(arena, settings.bounce_address, BOUNCE_OF_LETTER,
		                     sending->delivery->subject_id, sending->letter.to);
	return bounce_sender(arena, settings.bounce_address, BOUNCE_OF_ACCOUNT, sending->account_id,
	                     sending->letter.to);
}

/* To the mail server, or into the folder of a demo. */
static void send_messages(struct arena *arena, struct mail_sending *sent[],
                          const struct letter_written written[], size_t count,
                          struct smtp_message messages[])
{
	for (size_t i = 0; i < count; i++)
		messages[i] = (struct smtp_message){.from = sender_of(arena, sent[i]),
		                                    .to = sent[i]->letter.to,
		                                    .bytes = written[i].bytes,
		                                    .length = written[i].length};
	if (settings.server.url != NULL) {
		smtp_client_send(&settings.server, messages, count,
		                 loop_now_ms() + LIMIT_DELIVERY_ATTEMPT_MS);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		int rc = shelf_put(arena, &sent[i]->letter, &written[i]);

		messages[i].verdict = rc == 0 ? SMTP_ACCEPTED : SMTP_UNREACHABLE;
		snprintf(messages[i].reason, sizeof(messages[i].reason), "%s", strerror(-rc));
	}
}

/* Up to LIMIT_MAILS_AT_ONCE mails, side by side, in memory of their own. */
struct some {
	struct task task; /* must be first: cast to it */
	struct mail_batch *batch;
	size_t *at; /* the next of the batch */
	bool may_begin;
};

_Static_assert(offsetof(struct some, task) == 0, "a task is cast to what it is part of");

/* Begins the next one and writes it. False: there is nothing to send of it, or now. */
static bool begin_next(struct some *some, struct mail_sending *sending,
                       struct letter_written *written)
{
	some->may_begin = delivery_begin(sending->delivery);
	if (!some->may_begin)
		return false;
	++*some->at;
	if (!mail_compose(some->task.arena, sending)) {
		delivery_skip(sending->delivery);
		return false;
	}
	if (letter_write(some->task.arena, &settings, &sending->letter, written))
		return true;
	delivery_retry(sending->delivery, 0, "no memory");
	return false;
}

static void send_some(struct task *task)
{
	struct some *some = (struct some *)(void *)task;
	struct mail_batch *batch = some->batch;
	struct smtp_message messages[LIMIT_MAILS_AT_ONCE];
	struct letter_written written[LIMIT_MAILS_AT_ONCE];
	struct mail_sending *sent[LIMIT_MAILS_AT_ONCE];
	size_t count = 0;

	while (*some->at < batch->count && count < LIMIT_MAILS_AT_ONCE && some->may_begin) {
		struct mail_sending *sending = &batch->sendings[*some->at];

		if (begin_next(some, sending, &written[count]))
			sent[count++] = sending;
	}
	if (count > 0)
		send_messages(task->arena, sent, written, count, messages);
	for (size_t i = 0; i < count; i++)
		conclude(batch, sent[i], &messages[i]);
}

/* When some cannot be written, the outbox delivers those that had begun one by one. */
static bool send_next(struct mail_batch *batch, size_t *at)
{
	struct some some = {.batch = batch, .at = at, .may_begin = true};
	const char *why = task_attempt(batch->task, &some.task, send_some);

	if (why != NULL)
		LOG_WARNING("mails could not be written", log_str("why", why));
	return some.may_begin && *at < batch->count;
}

/* Without a mail server they wait until there is one, or they expire. */
static void wait_for_server(struct delivery rows[], size_t count)
{
	if (!told)
		LOG_WARNING("mails wait: SEBEZ_SMTP_URL is not set");
	told = true;
	for (size_t i = 0; i < count; i++)
		delivery_wait(&rows[i]);
}

void mail_deliver(struct task *task, struct delivery rows[], size_t count)
{
	struct mail_batch batch = {.task = task};
	size_t at = 0;

	assert(count > 0 && count <= LIMIT_DELIVERY_BATCH);
	if (settings.server.url == NULL && !shelf_is_there()) {
		wait_for_server(rows, count);
		return;
	}
	mail_read(&batch, rows, count);
	while (send_next(&batch, &at))
		;
	delivery_allow_time(task);
	if (batch.ended_count > 0)
		sql_mail_letters_end(db_of(task),
		                     (struct uuid_array){batch.ended_count, batch.ended});
	if (batch.done_count > 0)
		sql_mail_digests_done(db_of(task),
		                      (struct uuid_array){batch.done_count, batch.done});
	if (batch.refused_count > 0)
		sql_mail_suppress(db_of(task), batch.refused_count, batch.refused);
}
