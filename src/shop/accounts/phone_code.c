#include "shop/accounts/phone_code.h"

#include <assert.h>
#include <string.h>

#include "api.gen.h"
#include "base/limits.h"
#include "base/phone.h"
#include "base/unicode.h"
#include "net/log.h"
#include "net/loop.h"
#include "phone.sql.h"
#include "shop/accounts/sign_in.h"
#include "shop/sms/sms.h"
#include "shop/texts/texts.h"
#include "web/language.h"
#include "web/limit.h"
#include "web/reply.h"

const char *phone_given(struct request *rq, const char *field, const char *typed)
{
	char phone[PHONE_LENGTH + 1];

	if (!phone_form(typed, strlen(typed), phone))
		task_end_field(&rq->task, field, "format",
		               "must be a telephone number with its calling code, such as "
		               "+251911234567");
	return arena_strdup(rq->task.arena, phone);
}

static _Noreturn void refuse(struct task *task)
{
	task_end(task, PROBLEM_BAD_CREDENTIALS, "The code is wrong, used or expired.");
}

void phone_code_prove(struct request *rq, const char *phone, struct uuid id, const char *typed)
{
	char code[SMS_CODE_DIGITS + 1];

	if (!unicode_digits(typed, SMS_CODE_DIGITS, code))
		refuse(&rq->task);
	struct db *db = db_as(&rq->task, PG_AUTH);
	const struct phone_code_try_row *row = sql_phone_code_try_rows(
	    db, sql_phone_code_try(db, id, phone, LIMIT_PHONE_CODE_TRIES), NULL);

	/* As in email_code_prove(). */
	if (row == NULL || row->tries > 1)
		limit_guess(rq, "phone_guess", "any");
	if (row == NULL || !sms_code_is(id, code))
		refuse(&rq->task);
	limit_refund_guesses(rq);
}

void phone_code_spend(struct db *db, struct uuid code)
{
	if (rows_count(sql_phone_code_use(db, code)) == 0)
		refuse(db_task(db));
}

/* POST /v1/auth/phone/codes */
void request_phone_code(struct request *rq, const struct request_phone_code_in *in)
{
	const char *phone = phone_given(rq, "/phone", in->phone);
	struct db *db = db_as(&rq->task, PG_AUTH);
	char calling_code[CALLING_CODE_LENGTH + 1];

	phone_calling_code(phone, calling_code);
	if (sms_route(sms_settings(), phone) == SMS_NOBODY)
		task_end_field(&rq->task, "/phone", "unreachable",
		               "No text messages are sent to numbers that begin with +%s.",
		               calling_code);
	limit_guess(rq, "phone_number", sign_in_who(rq, phone));
	const struct phone_code_add_args code = {
	    .id = uuid_v7(),
	    .phone = phone,
	    .calling_code = calling_code,
	    .language =
	        language_choose(http_header(rq->http, "Accept-Language"), text_language_names()),
	    .lasts_s = LIMIT_PHONE_CODE_S,
	    .lately = LIMIT_PHONE_CODES_LATELY,
	    .daily = LIMIT_PHONE_CODES_DAILY,
	    .hourly = (int32_t)sms_settings()->hourly,
	};
	sign_in_expect_no_wait(
	    rq, sql_phone_code_add_rows(db, sql_phone_code_add(db, &code), NULL)->wait_s);
	struct buf body = buf_new(rq->task.arena, 128);
	struct json json = json_new(&body);

	json_open_object(&json);
	json_put_uuid(&json, "code_id", code.id);
	json_put_str(&json, "phone", phone);
	json_put_int(&json, "expires_in", LIMIT_PHONE_CODE_S);
	json_close_object(&json);
	reply_json(rq, 202, &body);
}

/* Sending. */

/* Without the marks that isolate inserted values (U+2068, U+2069): they would double the price of
 * messages whose other characters are GSM's, and phones look for codes between blanks. */
static void remove_isolates(char *text)
{
	static const char MARKS[] = "\u2068\u2069";
	char *to = text;

	for (const char *from = text; *from != 0;) {
		if (strncmp(from, MARKS, 3) == 0 || strncmp(from, MARKS + 3, 3) == 0)
			from += 3;
		else
			*to++ = *from++;
	}
	*to = 0;
}

static const char *text_for(struct arena *arena, const struct phone_codes_to_send_row *row)
{
	const struct text_reader reader = {.language = text_language_of(row->language, NULL)};
	struct buf facts = buf_new(arena, 128);
	struct json json = json_new(&facts);
	char code[SMS_CODE_DIGITS + 1];
	const char *text;
	char *copy;

	sms_code(row->id, 0, code);
	json_open_object(&json);
	json_put_str(&json, "code", code);
	json_put_str(&json, "shop", sms_settings()->shop);
	json_close_object(&json);
	text = text_of(arena, &reader, "sms.code", facts.data);
	assert(text != NULL); /* no fact is missing */
	copy = arena_strdup(arena, text);
	remove_isolates(copy);
	return copy;
}

static void conclude(struct delivery *delivery, const struct sms_verdict *verdict)
{
	switch (verdict->outcome) {
	case SMS_SENT:
		delivery_done(delivery);
		return;
	case SMS_RETRY:
		delivery_retry(delivery, verdict->delay_ms, verdict->reason);
		return;
	case SMS_PROVIDER_FAILED:
		delivery_unreachable(delivery, verdict->delay_ms, verdict->reason);
		return;
	case SMS_ALARM:
		LOG_ERROR("a provider of text messages refuses us",
		          log_str("reason", verdict->reason));
		delivery_unreachable(delivery, verdict->delay_ms, verdict->reason);
		return;
	case SMS_NUMBER_REFUSED: /* whoever typed it sees that no message comes */
		delivery_skip(delivery);
		return;
	case SMS_OUTCOME_COUNT:
		break;
	}
	assert(!"an outcome");
}

static void send_code(struct task *task, struct delivery *delivery,
                      const struct phone_codes_to_send_row *row)
{
	char id[UUID_TEXT_LENGTH + 1];
	const struct sms sms = {.id = id, .to = row->phone, .text = text_for(task->arena, row)};

	uuid_format(row->id, id);
	if (sms_route(sms_settings(), row->phone) == SMS_NOBODY) {
		delivery_skip(delivery); /* the settings have changed */
		return;
	}
	if (!delivery_begin(delivery))
		return;
	struct sms_verdict verdict =
	    sms_send(task->arena, sms_settings(), &sms, loop_now_ms() + LIMIT_DELIVERY_ATTEMPT_MS);

	conclude(delivery, &verdict);
}

void phone_code_deliver(struct task *task, struct delivery rows[], size_t count)
{
	struct phone_codes_to_send_asked *asked = arena_array(task->arena, count, sizeof(*asked));
	bool *is_sent = arena_array(task->arena, count, sizeof(*is_sent));
	struct db *db = db_of(task);
	const struct phone_codes_to_send_row *found;
	size_t found_count;

	for (size_t i = 0; i < count; i++)
		asked[i] = (struct phone_codes_to_send_asked){.number = (int32_t)i,
		                                              .id = rows[i].subject_id};
	found = sql_phone_codes_to_send_rows(db, sql_phone_codes_to_send(db, count, asked),
	                                     &found_count);
	for (size_t i = 0; i < found_count; i++)
		is_sent[found[i].number] = true;
	for (size_t i = 0; i < count; i++)
		if (!is_sent[i])
			delivery_skip(&rows[i]);
	for (size_t i = 0; i < found_count; i++)
		send_code(task, &rows[found[i].number], &found[i]);
}
