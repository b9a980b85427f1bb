/*
 * bounce: mails that come back. A pipe of the mail server gives them to `sebez mail bounce`
 * (docs/OPERATIONS.md).
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "mail.sql.h"
#include "shop/mail/links.h"
#include "task/db.h"

enum { STATUS_SIZE = 32 };

/* The value of the first line "<name>: …", in lower case (RFC 3464); false: there is none. */
static bool find_line(const char *text, size_t length, const char *name, char ret[STATUS_SIZE])
{
	size_t name_length = strlen(name), at = 0;

	while (at < length) {
		const char *line = text + at;
		const char *end = memchr(line, '\n', length - at);
		size_t line_length = end != NULL ? (size_t)(end - line) : length - at;

		if (line_length > name_length && line[name_length] == ':' &&
		    strncasecmp(line, name, name_length) == 0) {
			const char *value = line + name_length + 1;
			size_t left = line_length - name_length - 1;

			while (left > 0 && *value == ' ') {
				value++;
				left--;
			}
			snprintf(ret, STATUS_SIZE, "%.*s",
			         (int)(left < STATUS_SIZE ? left : STATUS_SIZE - 1), value);
			ret[strcspn(ret, " \t\r;(")] = 0;
			ascii_lower(ret);
			return true;
		}
		at += line_length + 1;
	}
	return false;
}

/* Whether the mail says that it failed for good; answers of absence, and news of a delay, do not.
 */
static bool says_failed(const char *text, size_t length, char ret_status[STATUS_SIZE])
{
	char action[STATUS_SIZE];

	ret_status[0] = 0;
	if (!find_line(text, length, "Action", action) || strcmp(action, "failed") != 0)
		return false;
	if (!find_line(text, length, "Status", ret_status))
		return true;
	/* 5.2.2: the mailbox is full */
	return ret_status[0] == '5' && strcmp(ret_status, "5.2.2") != 0 &&
	       ret_status[strspn(ret_status, "0123456789.")] == 0;
}

static const char *address_of(struct task *task, const struct bounce *bounce)
{
	bool of_account = bounce->kind == BOUNCE_OF_ACCOUNT;
	struct db *db = db_of(task);
	const struct mail_address_of_row *row =
	    sql_mail_address_of_rows(db,
	                             sql_mail_address_of(db, of_account ? &bounce->id : NULL,
	                                                 of_account ? NULL : &bounce->id),
	                             NULL);

	return row != NULL ? row->address : NULL;
}

const char *mail_take_bounce(struct task *task, const struct mail_settings *settings,
                             const char *text, size_t length)
{
	char status[STATUS_SIZE];
	struct bounce bounce;

	if (settings->bounce_address[0] == 0)
		return "SEBEZ_BOUNCE_ADDRESS is not set";
	links_start(settings);
	if (!bounce_find(settings->bounce_address, text, length, &bounce))
		return "no mail of ours came back";
	if (!says_failed(text, length, status))
		return "it does not say that it failed for good";
	const char *address = address_of(task, &bounce);

	if (address == NULL || !bounce_is_of(&bounce, address))
		return "it was not sent to an address that we know";
	sql_mail_suppress(
	    db_of(task), 1,
	    &(struct mail_suppress_refused){
	        .id = uuid_v7(), .address = address, .reason = "bounce", .detail = status});
	return "suppressed";
}
