/* Reads what the rows of a batch say, and to whom, right before they are sent. */
#include <assert.h>
#include <string.h>

#include "base/limits.h"
#include "shop/mail/batch.h"
#include "shop/mail/links.h"
#include "task/db.h"

static struct text_reader reader_of(const char *locale, const char *time_zone)
{
	return (struct text_reader){
	    .language = text_language_of(locale, NULL), .locale = locale, .time_zone = time_zone};
}

/* The list of which a mail of this class is; false: it cannot be switched off. */
static bool list_of(const char *class, enum mail_list *ret)
{
	for (int list = 0; list < MAIL_ALL; list++) {
		if (strcmp(class, MAIL_LISTS[list]) == 0) {
			*ret = (enum mail_list)list;
			return true;
		}
	}
	return false;
}

static const char *link_of(struct arena *arena, enum mail_list list, struct uuid account)
{
	char *link = arena_alloc(arena, LINK_LENGTH + 1);

	link_of_list(list, account, link);
	return link;
}

/* Of one part. */
static void set_part(struct arena *arena, struct letter *letter, const char *title,
                     const char *body, const char *link)
{
	struct letter_part *part = arena_alloc(arena, sizeof(*part));

	*part = (struct letter_part){title, body, link};
	letter->subject = title;
	letter->parts = part;
	letter->part_count = 1;
}

static bool compose_notice(struct arena *arena, const struct mail_batch_row *row,
                           struct letter *letter)
{
	struct notice_text text;
	enum mail_list list;

	letter->to = row->address;
	letter->name = row->name;
	letter->reader = reader_of(row->locale, row->time_zone);
	/* What it is about may be there no more. */
	if (!notice_text(arena, &letter->reader, row->kind, row->facts, &text))
		return false;
	set_part(arena, letter, text.title, text.body, row->link);
	if (list_of(row->class, &list))
		letter->unsubscribe = link_of(arena, list, row->account_id);
	return true;
}

static const char *text_part(struct arena *arena, const struct letter *letter,
                             const struct mail_letters_row *row, const char *part)
{
	return text_of(arena, &letter->reader, arena_printf(arena, "%s.%s", row->text_key, part),
	               row->facts);
}

static bool compose_letter(struct arena *arena, const struct mail_letters_row *row,
                           struct letter *letter)
{
	letter->to = row->address;
	letter->name = row->name;
	letter->reader = reader_of(row->locale, row->time_zone);
	const char *title = text_part(arena, letter, row, "title");
	const char *body = text_part(arena, letter, row, "body");

	assert(title != NULL && body != NULL); /* mail_write() was given the facts */
	set_part(arena, letter, title, body, row->link);
	if (row->name == NULL)
		letter->reason = text_part(arena, letter, row, "reason");
	return true;
}

/* Whether a part says what there is. */
static bool write_part(struct arena *arena, const struct text_reader *reader,
                       const struct mail_digests_row *row, struct letter_part *ret)
{
	struct notice_text text;

	if (!notice_text(arena, reader, row->kind, row->facts, &text))
		return false;
	*ret = (struct letter_part){text.title, text.body, row->link};
	return true;
}

/* The rows of one digest. */
static bool compose_digest(struct arena *arena, const struct mail_digests_row row[], size_t count,
                           struct letter *letter)
{
	struct letter_part *parts = arena_array(arena, count, sizeof(*parts));

	letter->to = row->address;
	letter->name = row->name;
	letter->parts = parts;
	letter->reader = reader_of(row->locale, row->time_zone);
	for (size_t i = 0; i < count; i++)
		if (write_part(arena, &letter->reader, &row[i], &parts[letter->part_count]))
			letter->part_count++;
	if (letter->part_count == 0)
		return false;
	letter->subject = parts[0].title;
	if (letter->part_count > 1)
		letter->subject =
		    text_of(arena, &letter->reader, "mail.digest.subject",
		            arena_printf(arena, "{\"count\":%zu}", letter->part_count));
	letter->unsubscribe = link_of(arena, MAIL_ALL, row->account_id);
	return true;
}

bool mail_compose(struct arena *arena, struct mail_sending *sending)
{
	struct letter *letter = &sending->letter;

	assert(sending->row_count > 0);
	*letter = (struct letter){.id = sending->delivery->id};
	switch (sending->kind) {
	case MAIL_OF_NOTICE:
		return compose_notice(arena, sending->rows, letter);
	case MAIL_OF_AREA:
		return compose_letter(arena, sending->rows, letter);
	case MAIL_OF_DIGEST:
		return compose_digest(arena, sending->rows, sending->row_count, letter);
	}
	assert(!"a kind of mail");
	return false;
}

static void add(struct mail_batch *batch, struct delivery *delivery, enum mail_kind kind,
                struct uuid account, const void *rows, size_t count)
{
	batch->sendings[batch->count++] = (struct mail_sending){.delivery = delivery,
	                                                        .kind = kind,
	                                                        .account_id = account,
	                                                        .rows = rows,
	                                                        .row_count = count};
}

static void add_digests(struct mail_batch *batch, struct delivery rows[],
                        const struct mail_digests_row found[], size_t count)
{
	size_t length;

	for (size_t i = 0; i < count; i += length) {
		length = 1;
		while (i + length < count && found[i + length].number == found[i].number)
			length++;
		add(batch, &rows[found[i].number], MAIL_OF_DIGEST, found[i].account_id, &found[i],
		    length);
	}
}

static void skip_others(struct mail_batch *batch, struct delivery rows[], size_t count)
{
	bool *is_sent = arena_array(batch->task->arena, count, sizeof(*is_sent));

	for (size_t i = 0; i < batch->count; i++)
		is_sent[batch->sendings[i].delivery - rows] = true;
	for (size_t i = 0; i < count; i++)
		if (!is_sent[i]) {
			batch->ended[batch->ended_count++] = rows[i].subject_id; /* if a letter */
			delivery_skip(&rows[i]);
		}
}

void mail_read(struct mail_batch *batch, struct delivery rows[], size_t count)
{
	struct arena *arena = batch->task->arena;
	struct db *db = db_batch(batch->task);
	struct mail_asked *asked = arena_array(arena, count, sizeof(*asked));
	struct uuid *subjects = arena_array(arena, count, sizeof(*subjects));
	size_t notice_count, letter_count, digest_count;

	assert(count > 0 && count <= LIMIT_DELIVERY_BATCH);
	for (size_t i = 0; i < count; i++)
		subjects[i] = rows[i].subject_id;
	for (size_t i = 0; i < count; i++)
		asked[i] = (struct mail_asked){(int32_t)i, rows[i].subject_id};
	/* Before they are read, in a transaction of its own. */
	sql_mail_digests_close(db_of(batch->task), (struct uuid_array){count, subjects});
	const struct rows *of_notices = sql_mail_batch(db, count, asked);
	const struct rows *of_digests = sql_mail_digests(db, count, asked, LIMIT_DIGEST_NOTICES);
	const struct rows *of_letters = sql_mail_letters(db, count, asked);

	db_run(db);
	const struct mail_batch_row *notices = sql_mail_batch_rows(db, of_notices, &notice_count);
	const struct mail_letters_row *letters =
	    sql_mail_letters_rows(db, of_letters, &letter_count);

	const struct mail_digests_row *digests =
	    sql_mail_digests_rows(db, of_digests, &digest_count);

	assert(notice_count + letter_count <= count);
	batch->sendings = arena_array(arena, count, sizeof(*batch->sendings));
	batch->refused = arena_array(arena, count, sizeof(*batch->refused));
	batch->done = arena_array(arena, count, sizeof(*batch->done));
	batch->ended = arena_array(arena, count, sizeof(*batch->ended));
	for (size_t i = 0; i < notice_count; i++)
		add(batch, &rows[notices[i].number], MAIL_OF_NOTICE, notices[i].account_id,
		    &notices[i], 1);
	for (size_t i = 0; i < letter_count; i++)
		add(batch, &rows[letters[i].number], MAIL_OF_AREA,
		    letters[i].account_id != NULL ? *letters[i].account_id : (struct uuid){0},
		    &letters[i], 1);
	add_digests(batch, rows, digests, digest_count);
	skip_others(batch, rows, count);
}
