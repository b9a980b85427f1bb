/*
 * make: writes the ZIP file of a person's data into the store while it is read from the database,
 * page by page, so that its size costs no memory.
 */
#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/csv.h"
#include "base/limits.h"
#include "base/money.h"
#include "exports.sql.h"
#include "net/log.h"
#include "net/loop.h"
#include "shop/exports/exports.h"
#include "shop/exports/zip.h"
#include "shop/mail/mail.h"
#include "shop/media/media.h"
#include "store/objects.h"
#include "task/db.h"
#include "task/job.h"

enum { PAGE = 500, PIECE_BYTES = 1024 * 1024, EXPIRED_MAX = 20 };

/* Files of JSON, an array each: functions export_<part>() of functions.sql. */
static const char *const PARTS[] = {
    "account",     "addresses",        "sessions",      "sign_ins",      "devices",
    "consents",    "notices",          "preferences",   "follows",       "campaigns",
    "orders",      "invoices",         "carts",         "returns",       "disputes",
    "messages",    "conversations",    "held_messages", "support_views", "activity",
    "memberships", "payment_attempts",
};
enum { PART_COUNT = sizeof(PARTS) / sizeof(PARTS[0]) };

/* What is added next. */
enum stage { IN_PARTS, IN_PURCHASES, IN_FILES, IN_FILE, AT_END };

struct making {
	struct task *task;
	struct zip *zip;
	struct uuid account_id;
	int64_t asked_at_us;
	enum stage stage;
	size_t part;       /* IN_PARTS */
	bool has_begun;    /* the file of the part or of purchases */
	struct uuid after; /* the row that was added last */
	/* IN_FILE: of the object, and its name in the archive */
	char key[OBJECT_KEY_MAX + 1], name[64];
	int64_t offset;  /* of the object's next byte */
	int64_t bytes;   /* of the archive, so far */
	const char *why; /* it failed; NULL: the store did, or nothing */
};

/* An addition is a task of its own, whose memory is freed after it. */
struct addition {
	struct task task; /* must be first: cast to the struct */
	struct making *making;
};

_Static_assert(offsetof(struct addition, task) == 0, "a task is cast to its addition");

static void begin(struct making *making, const char *name)
{
	zip_begin(making->zip, name, making->asked_at_us);
	making->has_begun = true;
}

static void next_stage(struct making *making, enum stage stage)
{
	making->stage = stage;
	making->has_begun = false;
	making->after = (struct uuid){0};
}

static void add_lines(struct making *making, struct task *task)
{
	const char *part = PARTS[making->part];
	struct db *db = db_of(task);
	bool is_first = !making->has_begun;
	size_t count;
	const struct export_page_row *row = sql_export_page_rows(
	    db, sql_export_page(db, making->account_id, part, making->after, PAGE), &count);

	if (is_first)
		begin(making, arena_printf(task->arena, "%s.json", part));
	for (size_t i = 0; i < count; i++) {
		zip_add_str(making->zip, is_first && i == 0 ? "[\n" : ",\n");
		zip_add_str(making->zip, row[i].line);
		making->after = row[i].id;
	}
	if (count > 0)
		return;
	zip_add_str(making->zip, is_first ? "[]\n" : "\n]\n");
	making->part++;
	next_stage(making, making->part < PART_COUNT ? IN_PARTS : IN_PURCHASES);
}

static void add_purchase(struct buf *buf, const struct export_purchases_row *row)
{
	char placed_at[TIME_TEXT_LENGTH + 1], price[32], total[32];

	time_format(row->placed_at, placed_at);
	money_format_decimal(row->price, row->currency, price);
	money_format_decimal(row->total, row->currency, total);
	buf_printf(buf, "%s,%s,", row->number, placed_at);
	csv_add_cell(buf, row->vendor);
	buf_add_str(buf, ",");
	csv_add_cell(buf, row->title);
	buf_add_str(buf, ",");
	csv_add_cell(buf, row->variant_title);
	buf_printf(buf, ",%d,%s,%s,%s,%s\r\n", row->quantity, price, total, row->currency,
	           row->state);
}

static void add_purchases(struct making *making, struct task *task)
{
	struct buf text = buf_new(task->arena, 64 * 1024);
	struct db *db = db_of(task);
	size_t count;
	const struct export_purchases_row *row = sql_export_purchases_rows(
	    db, sql_export_purchases(db, making->account_id, making->after, PAGE), &count);

	if (!making->has_begun) {
		begin(making, "purchases.csv");
		buf_add_str(&text, "Order,Placed at,Vendor,Product,Variant,Quantity,Price,Total,"
		                   "Currency,State\r\n");
	}
	for (size_t i = 0; i < count; i++) {
		add_purchase(&text, &row[i]);
		making->after = row[i].id;
	}
	zip_add(making->zip, text.data, text.length);
	if (count == 0)
		next_stage(making, IN_FILES);
}

static void find_file(struct making *making, struct task *task)
{
	struct db *db = db_of(task);
	size_t count;
	const struct export_files_row *row = sql_export_files_rows(
	    db, sql_export_files(db, making->account_id, making->after, 1), &count);
	char id[UUID_TEXT_LENGTH + 1];

	if (count == 0) {
		zip_end(making->zip);
		making->stage = AT_END;
		return;
	}
	const char *key =
	    media_file_key(task->arena, &(struct media_object){.visibility = row->visibility,
	                                                       .group = row->object_group,
	                                                       .content_type = row->content_type,
	                                                       .width = row->width,
	                                                       .format = row->format});

	assert(strlen(key) < sizeof(making->key));
	strcpy(making->key, key);
	uuid_format(row->id, id);
	snprintf(making->name, sizeof(making->name), "files/%s%s", id, strrchr(key, '.'));
	making->after = row->id;
	making->offset = 0;
	making->stage = IN_FILE;
}

/* One that was removed meanwhile is left out. */
static void add_piece(struct making *making, struct task *task)
{
	struct object_piece piece;
	int rc = objects_get(exports_store(), task->arena, making->key, making->offset, PIECE_BYTES,
	                     task->deadline_ms, &piece);

	if (rc < 0 && rc != -ENOENT)
		task_end(task, PROBLEM_UNAVAILABLE, "The store of files does not answer.");
	if (rc == 0 && making->offset == 0)
		zip_begin(making->zip, making->name, making->asked_at_us);
	if (rc == 0) {
		zip_add(making->zip, piece.bytes, piece.length);
		making->offset += (int64_t)piece.length;
	}
	if (rc < 0 || piece.length == 0 || making->offset >= piece.total)
		making->stage = IN_FILES;
}

static void add(struct task *task)
{
	struct making *making = ((struct addition *)(void *)task)->making;

	switch (making->stage) {
	case IN_PARTS:
		add_lines(making, task);
		return;
	case IN_PURCHASES:
		add_purchases(making, task);
		return;
	case IN_FILES:
		find_file(making, task);
		return;
	case IN_FILE:
		add_piece(making, task);
		return;
	case AT_END:
		break;
	}
	assert(!"nothing is added at the end");
}

/* An object_read_fn. */
static long read_archive(void *arg, char *bytes, size_t size)
{
	struct making *making = arg;
	size_t taken;

	while ((taken = zip_take(making->zip, bytes, size)) == 0 && making->stage != AT_END) {
		struct addition addition = {.making = making};

		making->why = task_attempt(making->task, &addition.task, add);
		if (making->why == NULL && zip_failed(making->zip))
			making->why = "the archive cannot be written";
		if (making->why != NULL)
			return -EIO;
	}
	making->bytes += (int64_t)taken;
	return (long)taken;
}

/* When the account was erased meanwhile, its row may have gone before the file came. What dies here
 * leaves it to `sebez media verify`. */
static void remove_orphan(struct task *task, struct uuid account_id)
{
	const char *key = export_key(task->arena, account_id);

	if (export_is_known(db_of(task), key))
		return;
	if (objects_delete(exports_store(), key, loop_now_ms() + LIMIT_EXPORT_REMOVE_MS) < 0)
		LOG_ERROR("copy of data of an erased account not removed", log_str("key", key));
}

static void finish(struct task *task, const struct export_claim_row *claimed, int64_t bytes)
{
	struct db *tx = db_begin_as(task, PG_JOBS);
	bool is_whole = rows_count(sql_export_finish(tx, claimed->account_id, claimed->due_at,
	                                             bytes, LIMIT_EXPORT_DAYS)) > 0;

	if (is_whole)
		mail_write(tx, &(struct mail_letter){.key = "mail.export_ready",
		                                     .account_id = &claimed->account_id,
		                                     .facts = "{}",
		                                     .link = "/account/export"});
	db_commit(tx);
	if (!is_whole)
		remove_orphan(task, claimed->account_id);
}

static void make(struct task *task, const struct export_claim_row *claimed)
{
	struct making making = {
	    .task = task,
	    .zip = zip_new(task->arena),
	    .account_id = claimed->account_id,
	    .asked_at_us = claimed->asked_at,
	};
	int rc = objects_put_stream(exports_store(), export_key(task->arena, claimed->account_id),
	                            read_archive, &making, task->deadline_ms);
	char id[UUID_TEXT_LENGTH + 1];

	if (rc == 0) {
		finish(task, claimed, making.bytes);
		return;
	}
	uuid_format(claimed->account_id, id);
	LOG_WARNING("copy of data not made", log_str("account_id", id), log_int("error", rc),
	            log_str("why", making.why));
	sql_export_postpone(db_of(task), claimed->account_id, claimed->due_at);
}

void exports_make(struct task *task)
{
	struct db *db = db_of(task);
	const struct export_claim_row *claimed =
	    sql_export_claim_rows(db, sql_export_claim(db, LIMIT_EXPORT_LEASE_MS), NULL);

	if (claimed == NULL)
		return;
	job_again(task, 1);
	task->deadline_ms = loop_now_ms() + LIMIT_EXPORT_MS;
	make(task, claimed);
}

/* The row goes after the file, so that whatever dies in between is done again. */
void exports_expire(struct task *task)
{
	struct db *db = db_of(task);
	size_t count;
	const struct export_expired_row *row =
	    sql_export_expired_rows(db, sql_export_expired(db, EXPIRED_MAX), &count);

	for (size_t i = 0; i < count; i++) {
		int rc = objects_delete(exports_store(), export_key(task->arena, row[i].account_id),
		                        task->deadline_ms);

		if (rc < 0)
			task_end(task, PROBLEM_UNAVAILABLE, "The store of files does not answer.");
		sql_export_forget(db, row[i].account_id);
	}
	if (count == EXPIRED_MAX)
		job_again(task, 1);
}
