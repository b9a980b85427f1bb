/* The deliverer of the topic mail: reads what is to be sent, writes it, and sends it. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "mail.sql.h"
#include "net/log.h"
#include "net/loop.h"
#include "shop/mail/letter.h"
#include "shop/mail/links.h"
#include "shop/mail/sender.h"
#include "shop/mail/shelf.h"
#include "task/db.h"

/* Somebody has to correct a setting, or to speak with whoever runs the mail server. */
enum { TURNED_AWAY_DELAY_MS = 5 * 60 * 1000 };

static struct mail_settings settings;
static bool told; /* that mails wait */

/* A row of the outbox and its mail. */
struct sending {
	struct delivery *delivery;
	struct letter letter;
};

struct mail_batch {
	struct task *task;
	struct sending *sendings;
	size_t count;
	struct mail_suppress_refused *refused; /* addresses, room for one of each sending */
	size_t refused_count;
};

void mail_start(const struct mail_settings *given)
{
	assert(given->public_url[0] != 0);
	settings = *given;
}

/* The list of which a mail of this class is; false: it cannot be switched off. */
static bool list_of(const char *class, enum mail_list *ret)
{
	for (int list = 0; list < MAIL_LIST_COUNT; list++) {
		if (strcmp(class, MAIL_LISTS[list]) == 0) {
			*ret = (enum mail_list)list;
			return true;
		}
	}
	return false;
}

/* False: what it is about is there no more. */
static bool write_words(struct arena *arena, const struct mail_batch_row *row,
                        struct letter *letter)
{
	struct letter_part *part = arena_alloc(arena, sizeof(*part));
	struct notice_text text;

	if (!notice_text(arena, &letter->reader, row->kind, row->facts, &text))
		return false;
	*part = (struct letter_part){text.title, text.body, row->link};
	letter->subject = text.title;
	letter->parts = part;
	letter->part_count = 1;
	return true;
}

static void add(struct mail_batch *batch, struct delivery *delivery,
                const struct mail_batch_row *row)
{
	struct arena *arena = batch->task->arena;
	struct letter letter = {
	    .id = delivery->id,
	    .to = row->address,
	    .name = row->name,
	    .reader = {.language = text_language_of(row->locale, NULL),
	               .locale = row->locale,
	               .time_zone = row->time_zone},
	};
	enum mail_list list;

	if (!write_words(arena, row, &letter))
		return;
	if (list_of(row->class, &list)) {
		char *link = arena_alloc(arena, LINK_LENGTH + 1);

		link_of_list(list, row->account_id, link);
		letter.unsubscribe = link;
	}
	batch->sendings[batch->count++] = (struct sending){delivery, letter};
}

/* Rows that no longer concern anybody are skipped. */
static void read_batch(struct mail_batch *batch, struct delivery rows[], size_t count)
{
	struct arena *arena = batch->task->arena;
	struct db *db = db_of(batch->task);
	struct mail_batch_asked *asked = arena_array(arena, count, sizeof(*asked));
	bool *is_sent = arena_array(arena, count, sizeof(*is_sent));
	const struct mail_batch_row *found;
	size_t found_count;

	for (size_t i = 0; i < count; i++)
		asked[i] = (struct mail_batch_asked){(int32_t)i, rows[i].subject_id};
	found = sql_mail_batch_rows(db, sql_mail_batch(db, count, asked), &found_count);
	assert(found_count <= count);
	batch->sendings = arena_array(arena, found_count, sizeof(*batch->sendings));
	batch->refused = arena_array(arena, found_count, sizeof(*batch->refused));
	for (size_t i = 0; i < found_count; i++) {
		assert(found[i].number >= 0 && (size_t)found[i].number < count);
		add(batch, &rows[found[i].number], &found[i]);
	}
	for (size_t i = 0; i < batch->count; i++)
		is_sent[batch->sendings[i].delivery - rows] = true;
	for (size_t i = 0; i < count; i++)
		if (!is_sent[i])
			delivery_skip(&rows[i]);
}

static void note_refused(struct mail_batch *batch, const struct sending *sending,
                         const char *reason)
{
	batch->refused[batch->refused_count++] =
	    (struct mail_suppress_refused){.id = uuid_v7(),
	                                   .address = sending->letter.to,
	                                   .reason = "bad_address",
	                                   .detail = arena_strdup(batch->task->arena, reason)};
}

static void conclude(struct mail_batch *batch, struct sending *sending,
                     const struct smtp_message *message)
{
	struct delivery *delivery = sending->delivery;

	switch (message->verdict) {
	case SMTP_ACCEPTED:
		delivery_done(delivery);
		break;
	case SMTP_TEMPORARY:
		delivery_retry(delivery, 0, message->reason);
		break;
	case SMTP_BAD_ADDRESS:
		note_refused(batch, sending, message->reason);
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

/* To the mail server, or into the folder of a demo. */
static void send_messages(struct arena *arena, struct sending *sent[],
                          const struct letter_written written[], size_t count,
                          struct smtp_message messages[])
{
	for (size_t i = 0; i < count; i++)
		messages[i] = (struct smtp_message){.from = settings.from,
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

/* Up to LIMIT_MAILS_AT_ONCE, side by side. False: no more may begin now. */
static bool send_some(struct mail_batch *batch, struct arena *arena, size_t *at)
{
	struct smtp_message messages[LIMIT_MAILS_AT_ONCE];
	struct letter_written written[LIMIT_MAILS_AT_ONCE];
	struct sending *sent[LIMIT_MAILS_AT_ONCE];
	size_t count = 0;
	bool may_begin = true;

	while (*at < batch->count && count < LIMIT_MAILS_AT_ONCE && may_begin) {
		struct sending *sending = &batch->sendings[*at];

		may_begin = delivery_begin(sending->delivery);
		if (!may_begin)
			break;
		if (letter_write(arena, &settings, &sending->letter, &written[count]))
			sent[count++] = sending;
		else
			delivery_retry(sending->delivery, 0, "no memory");
		++*at;
	}
	if (count > 0)
		send_messages(arena, sent, written, count, messages);
	for (size_t i = 0; i < count; i++)
		conclude(batch, sent[i], &messages[i]);
	return may_begin && *at < batch->count;
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
	read_batch(&batch, rows, count);
	while (send_some(&batch, task->arena, &at))
		;
	if (batch.refused_count > 0)
		sql_mail_suppress(db_of(task), batch.refused_count, batch.refused);
}
