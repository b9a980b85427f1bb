#include "shop/accounts/email_code.h"

#include <assert.h>
#include <ctype.h>
#include <sodium.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/unicode.h"
#include "shop/accounts/accounts.h"
#include "shop/accounts/sign_in.h"
#include "shop/mail/mail.h"
#include "shop/sms/sms.h"
#include "shop/texts/texts.h"
#include "task/db.h"
#include "web/language.h"
#include "web/limit.h"
#include "web/reply.h"

static const struct {
	const char *name; /* as in the table */
	int lasts_s;
	bool is_long;
	bool is_for_account; /* the code is for who has an account; else for who has none */
	const char *page;    /* of the app, where the link of the mail leads */
	/* What an account gets that has the address, or an address without one; NULL: nothing. */
	const char *to_account, *to_address;
} PURPOSES[EMAIL_CODE_PURPOSES] = {
    [EMAIL_CODE_RESET] = {"reset", LIMIT_RESET_CODE_S, true, true, "password-resets",
                          "mail.password_reset", NULL},
    [EMAIL_CODE_REGISTRATION] = {"registration", LIMIT_REGISTRATION_CODE_S, false, false,
                                 "registrations", "mail.account_exists", "mail.registration"},
    [EMAIL_CODE_CHANGE] = {"email_change", LIMIT_EMAIL_CHANGE_S, false, false, "email-changes",
                           "mail.email_taken", "mail.email_change"},
    [EMAIL_CODE_UNDO] = {"email_undo", LIMIT_EMAIL_UNDO_S, true, false, "email-undos", NULL,
                         "mail.email_changed"},
    [EMAIL_CODE_SIGN_IN] = {"sign_in", LIMIT_SIGN_IN_CODE_S, true, true, "sign-ins", "mail.sign_in",
                            NULL},
};

/* Without I, L, O and U, which are mistaken for others. */
static const char LETTERS[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

_Static_assert(sizeof(LETTERS) == 32 + 1, "five bits each");

struct code {
	char text[EMAIL_CODE_LETTERS + 1];
};

_Static_assert((int)EMAIL_CODE_DIGITS == (int)SMS_CODE_DIGITS, "made by the same function");

static struct code make(enum email_code_purpose purpose, struct uuid id, size_t key)
{
	const struct sms_settings *settings = sms_settings();
	uint8_t hash[crypto_generichash_BYTES_MIN];
	struct code code = {""};

	assert(key < settings->key_count && PURPOSES[purpose].name != NULL);
	if (!PURPOSES[purpose].is_long) {
		sms_code(id, key, code.text);
		return code;
	}
	crypto_generichash(hash, sizeof(hash), id.bytes, sizeof(id.bytes), settings->keys[key],
	                   SMS_KEY_BYTES);
	for (size_t i = 0; i < EMAIL_CODE_LETTERS; i++)
		code.text[i] = LETTERS[hash[i] % 32];
	return code;
}

/* What somebody has typed, as make() would write it. False: it cannot be a code. */
static bool read_letters(const char *typed, struct code *ret)
{
	size_t count = 0;

	for (; *typed != 0; typed++) {
		int letter = toupper((unsigned char)*typed);

		if (letter == ' ' || letter == '-')
			continue;
		letter = letter == 'O' ? '0' : letter == 'I' || letter == 'L' ? '1' : letter;
		if (strchr(LETTERS, letter) == NULL || count == EMAIL_CODE_LETTERS)
			return false;
		ret->text[count++] = (char)letter;
	}
	ret->text[count] = 0;
	return count == EMAIL_CODE_LETTERS;
}

static bool is_code(enum email_code_purpose purpose, struct uuid id, const char *typed)
{
	struct code given = {""};
	bool is = false;

	if (PURPOSES[purpose].is_long ? !read_letters(typed, &given)
	                              : !unicode_digits(typed, EMAIL_CODE_DIGITS, given.text))
		return false;
	for (size_t key = 0; key < sms_settings()->key_count; key++) {
		struct code made = make(purpose, id, key);

		is |= sodium_memcmp(made.text, given.text, sizeof(made.text)) == 0;
	}
	return is;
}

_Noreturn void email_code_refuse(struct task *task)
{
	task_end(task, PROBLEM_BAD_CREDENTIALS, "The code is wrong, used or expired.");
}

void email_code_count(struct request *rq, const char *email)
{
	limit_guess(rq, "email_address", sign_in_who(rq, account_key(rq->task.arena, email)));
}

void email_code_ask(struct request *rq, struct db *db, struct uuid id,
                    enum email_code_purpose purpose, const char *email)
{
	const struct email_code_add_args code = {
	    .id = id,
	    .purpose = PURPOSES[purpose].name,
	    .email = email,
	    .email_key = account_key(rq->task.arena, email),
	    .language =
	        language_choose(http_header(rq->http, "Accept-Language"), text_language_names()),
	    .lasts_s = PURPOSES[purpose].lasts_s,
	    .lately = LIMIT_EMAIL_CODES_LATELY,
	    .daily = LIMIT_EMAIL_CODES_DAILY,
	};

	sign_in_expect_no_wait(
	    rq, sql_email_code_add_rows(db, sql_email_code_add(db, &code), NULL)->wait_s);
}

void email_code_reply(struct request *rq, struct db *tx, const char *name, struct uuid id,
                      enum email_code_purpose purpose)
{
	struct buf body = buf_new(rq->task.arena, 128);
	struct json json = json_new(&body);

	json_open_object(&json);
	json_put_uuid(&json, name, id);
	json_put_time(&json, "expires_at",
	              clock_now_us() + PURPOSES[purpose].lasts_s * INT64_C(1000000));
	json_close_object(&json);
	if (tx != NULL)
		reply_commit_json(rq, tx, 202, &body);
	else
		reply_json(rq, 202, &body);
}

const struct email_code_try_row *email_code_prove(struct request *rq,
                                                  enum email_code_purpose purpose, struct uuid id,
                                                  const char *typed)
{
	struct db *db = db_as(&rq->task, PG_AUTH);

	const struct email_code_try_row *row = sql_email_code_try_rows(
	    db, sql_email_code_try(db, id, PURPOSES[purpose].name, LIMIT_EMAIL_CODE_TRIES), NULL);

	/* The first comparison of a code is free: so the guesses of one person of a network do not
	 * keep the others from theirs. */
	if (row == NULL || row->tries > 1)
		limit_guess(rq, "email_guess", "any");
	if (row == NULL || !is_code(purpose, id, typed))
		email_code_refuse(&rq->task);
	limit_refund_guesses(rq);
	return row;
}

void email_code_spend(struct db *db, struct uuid id)
{
	if (rows_count(sql_email_code_use(db, id)) == 0)
		email_code_refuse(db_task(db));
}

/* Sending. */

static enum email_code_purpose purpose_named(const char *name)
{
	for (int purpose = 0; purpose < EMAIL_CODE_PURPOSES; purpose++)
		if (PURPOSES[purpose].name != NULL && strcmp(PURPOSES[purpose].name, name) == 0)
			return (enum email_code_purpose)purpose;
	return EMAIL_CODE_PURPOSES;
}

/* In two halves when it is long, for reading it off. */
static const char *facts_of(struct arena *arena, const struct code *code, bool is_long)
{
	struct buf facts = buf_new(arena, 64);
	struct json json = json_new(&facts);

	json_open_object(&json);
	json_put_str(&json, "code",
	             is_long ? arena_printf(arena, "%.5s-%s", code->text, code->text + 5)
	                     : code->text);
	json_close_object(&json);
	return facts.data;
}

static void add_code(struct arena *arena, enum email_code_purpose purpose, struct uuid id,
                     struct mail_letter *letter)
{
	struct code code = make(purpose, id, 0);
	char text[UUID_TEXT_LENGTH + 1];

	uuid_format(id, text);
	letter->facts = facts_of(arena, &code, PURPOSES[purpose].is_long);
	letter->link = arena_printf(arena, "/%s/%s/%s", PURPOSES[purpose].page, text, code.text);
}

/* False: nobody gets a mail. */
static bool write_letter(struct db *db, const struct email_codes_to_send_row *row)
{
	enum email_code_purpose purpose = purpose_named(row->purpose);

	if (purpose == EMAIL_CODE_PURPOSES)
		return false; /* of a newer version */
	/* Who asks for a password with a former address gets the way back to it once more. */
	if (row->undo_id != NULL)
		purpose = EMAIL_CODE_UNDO;
	bool has_account = row->account_id != NULL;
	struct mail_letter letter = {
	    .id = row->id,
	    .key = has_account ? PURPOSES[purpose].to_account : PURPOSES[purpose].to_address,
	    .account_id = row->account_id,
	    .address = has_account ? NULL : row->email,
	    .facts = "{}",
	    .locale = row->language,
	    .lasts_s = row->lasts_s,
	};

	if (letter.key == NULL)
		return false;
	if (has_account == PURPOSES[purpose].is_for_account)
		add_code(db_task(db)->arena, purpose,
		         row->undo_id != NULL ? *row->undo_id : row->id, &letter);
	mail_write(db, &letter);
	return true;
}

void email_code_deliver(struct task *task, struct delivery rows[], size_t count)
{
	struct email_codes_to_send_asked *asked = arena_array(task->arena, count, sizeof(*asked));
	bool *is_sent = arena_array(task->arena, count, sizeof(*is_sent));
	struct db *db = db_of(task), *letters = db_batch(task);
	size_t found_count, sent_count = 0;

	for (size_t i = 0; i < count; i++)
		asked[i] = (struct email_codes_to_send_asked){.number = (int32_t)i,
		                                              .id = rows[i].subject_id};
	const struct email_codes_to_send_row *found = sql_email_codes_to_send_rows(
	    db, sql_email_codes_to_send(db, count, asked), &found_count);

	for (size_t i = 0; i < found_count; i++) {
		struct delivery *delivery = &rows[found[i].number];

		if (!delivery_begin(delivery))
			return; /* nothing is written yet */
		is_sent[found[i].number] = write_letter(letters, &found[i]);
		sent_count += is_sent[found[i].number];
	}
	if (sent_count > 0)
		db_run(letters);
	for (size_t i = 0; i < count; i++) {
		if (is_sent[i])
			delivery_done(&rows[i]);
		else
			delivery_skip(&rows[i]);
	}
}
