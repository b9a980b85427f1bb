/*
 * unsubscribe: what the links in mails lead to (RFC 8058). A GET changes nothing, because programs
 * that look for malware follow every link of a mail.
 */
#include <assert.h>

#include "api.gen.h"
#include "base/html.h"
#include "mail.sql.h"
#include "shop/mail/letter.h"
#include "shop/mail/links.h"
#include "web/language.h"
#include "web/reply.h"

static const char POLICY[] = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
                             "base-uri 'none'; frame-ancestors 'none'";

static struct text_reader reader_of(struct request *rq)
{
	const char *name =
	    language_choose(http_header(rq->http, "Accept-Language"), text_language_names());

	return (struct text_reader){.language = text_language_of(name, NULL)};
}

static enum mail_list read_link(struct request *rq, const char *token, struct uuid *ret_account)
{
	enum mail_list list;

	if (!link_read_list(token, &list, ret_account))
		task_end(&rq->task, PROBLEM_NOT_FOUND, "This is no link of a mail of ours.");
	return list;
}

/* key: of a text about the list. The button, if any, sends what mail programs send. */
static void reply_page_about(struct request *rq, enum mail_list list, const char *key,
                             bool has_button)
{
	struct text_reader reader = reader_of(rq);
	struct arena *arena = rq->task.arena;
	const char *facts = arena_printf(arena, "{\"class\":\"%s\"}", MAIL_LISTS[list]);
	const char *text = text_of(arena, &reader, key, facts);
	struct buf out = buf_new(arena, 2048);

	assert(text != NULL);
	buf_printf(&out, "<!doctype html>\n<html lang=\"%s\" dir=\"%s\">\n",
	           text_language_name(reader.language),
	           text_is_right_to_left(reader.language) ? "rtl" : "ltr");
	buf_add_str(&out, "<meta charset=\"utf-8\">\n"
	                  "<meta name=\"viewport\" content=\"width=device-width\">\n"
	                  "<meta name=\"robots\" content=\"noindex\">\n<title>");
	html_escape(&out, text);
	buf_add_str(&out, "</title>\n<style>body{font:18px/1.5 system-ui,sans-serif;max-width:30em;"
	                  "margin:15vh auto;padding:0 1em}button{font:inherit;padding:.5em 1em}"
	                  "</style>\n<p>");
	html_escape(&out, text);
	buf_add_str(&out, "</p>\n");
	if (has_button) {
		buf_add_str(&out, "<form method=\"post\"><button name=\"List-Unsubscribe\" "
		                  "value=\"One-Click\">");
		html_escape(&out, text_of(arena, &reader, "mail.unsubscribe", "{}"));
		buf_add_str(&out, "</button></form>\n");
	}
	reply_varies(rq, "Accept-Language");
	reply_header(rq, "Content-Security-Policy", POLICY);
	reply_header(rq, "Referrer-Policy", "no-referrer"); /* the address is a key */
	reply_header(rq, "Cache-Control", "no-store");
	reply_send(rq, 200, "text/html; charset=utf-8", out.data, out.length);
}

/* GET /v1/mail/unsubscribe/{link} */
void get_unsubscribe_page(struct request *rq, const struct get_unsubscribe_page_in *in)
{
	struct uuid account;
	enum mail_list list = read_link(rq, in->link, &account);

	reply_page_about(rq, list, "mail.unsubscription.ask", true);
}

/* As preferences name it. */
static struct text_array unwanted_of(struct request *rq, enum mail_list list)
{
	const char **names = arena_array(rq->task.arena, MAIL_LIST_COUNT, sizeof(*names));
	size_t count = 0;

	for (int each = 0; each < MAIL_ALL; each++)
		if (list == MAIL_ALL || (int)list == each)
			names[count++] = arena_printf(rq->task.arena, "%s.email", MAIL_LISTS[each]);
	assert(count > 0);
	return (struct text_array){count, names};
}

/* POST /v1/mail/unsubscribe/{link} */
void unsubscribe(struct request *rq, const struct unsubscribe_in *in)
{
	struct uuid account;
	enum mail_list list = read_link(rq, in->link, &account);

	request_drop_body(rq);
	sql_mail_unsubscribe(db_of(&rq->task), account, unwanted_of(rq, list));
	reply_page_about(rq, list, "mail.unsubscription.done", false);
}
