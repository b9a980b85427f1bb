/* mail_write: mails that other areas write in their transactions. */
#include <assert.h>

#include "mail.sql.h"
#include "shop/mail/mail.h"
#include "shop/mail/sender.h"
#include "task/db.h"

enum { FORGET_MAX = 5000 };

void mail_write(struct db *db, const struct mail_letter *letter)
{
	assert((letter->account_id == NULL) != (letter->address == NULL));
	sql_mail_write(db, &(struct mail_write_args){
	                       .id = uuid_is_nil(letter->id) ? uuid_v7() : letter->id,
	                       .account = letter->account_id,
	                       .address = letter->address,
	                       .text_key = letter->key,
	                       .facts = letter->facts,
	                       .link = letter->link,
	                       .locale = letter->locale,
	                       .lasts_s = letter->lasts_s > 0 ? &letter->lasts_s : NULL});
}

/* What is old goes, some rows at a time. */
static int32_t forget_letters(struct db *db)
{
	return sql_mail_letters_forget_rows(db, sql_mail_letters_forget(db, FORGET_MAX), NULL)
	    ->count;
}

static int32_t forget_digests(struct db *db)
{
	return sql_mail_digests_forget_rows(db, sql_mail_digests_forget(db, FORGET_MAX), NULL)
	    ->count;
}

void mail_purge(struct task *task)
{
	struct db *db = db_of(task);

	while (forget_letters(db) == FORGET_MAX)
		;
	while (forget_digests(db) == FORGET_MAX)
		;
}
