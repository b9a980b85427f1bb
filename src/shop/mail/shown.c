/*
 * shown: /dev/mail, the mails of a demo without a mail server: pages for browsers, JSON for
 * programs. What a mail contains is shown in a frame that may do nothing.
 */
#include <assert.h>
#include <jansson.h>
#include <string.h>

#include "api.gen.h"
#include "base/html.h"
#include "base/json_tree.h"
#include "base/limits.h"
#include "shop/mail/letter.h"
#include "shop/mail/shelf.h"
#include "web/dev_page.h"
#include "web/reply.h"

static const char FRAME_POLICY[] = "default-src 'none'; style-src 'unsafe-inline'; sandbox; "
                                   "base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

static void require_shelf(struct request *rq)
{
	if (!shelf_is_there())
		task_end(&rq->task, PROBLEM_NOT_FOUND,
		         "Mails are shown here by a demo without a mail server.");
}

/* The text of a kept mail as a tree; NULL: it has gone meanwhile. */
static const json_t *read_mail(struct request *rq, struct uuid id)
{
	const char *text = shelf_read(rq->task.arena, id);

	return text != NULL ? json_of_database(rq->task.arena, text, strlen(text)) : NULL;
}

static const json_t *expect_mail(struct request *rq, struct uuid id)
{
	require_shelf(rq);
	const json_t *mail = read_mail(rq, id);

	if (mail == NULL)
		task_end(&rq->task, PROBLEM_NOT_FOUND, "There is no such mail.");
	return mail;
}

static const char *member(const json_t *mail, const char *name)
{
	const char *text = json_string_value(json_object_get(mail, name));

	return text != NULL ? text : "";
}

static void add_row(struct buf *out, const json_t *mail)
{
	buf_add_str(out, "<tr><td><a href=\"/dev/mail/");
	html_escape(out, member(mail, "id"));
	buf_add_str(out, "\" dir=\"auto\">");
	html_escape(out, member(mail, "subject"));
	buf_add_str(out, "</a><td>");
	html_escape(out, member(mail, "to"));
	buf_add_str(out, "<td class=\"q\">");
	dev_page_time(out, member(mail, "created_at"));
	buf_add_char(out, '\n');
}

static void add_item(struct json *json, const json_t *mail)
{
	static const char *const SHOWN[] = {"id", "to", "subject", "created_at"};

	json_open_object(json);
	for (size_t i = 0; i < sizeof(SHOWN) / sizeof(SHOWN[0]); i++)
		json_put_str(json, SHOWN[i], member(mail, SHOWN[i]));
	json_close_object(json);
}

/* GET /dev/mail */
void list_dev_mails(struct request *rq, const struct list_dev_mails_in *in)
{
	struct buf items = buf_new(rq->task.arena, 4096);
	struct json json = json_new(&items);
	size_t count;

	(void)in;
	require_shelf(rq);
	const struct uuid *ids = shelf_list(rq->task.arena, &count);
	struct buf page = dev_page_new(rq, "Mails",
	                               "What the demo would have sent, the latest first; the files "
	                               "are in <code>mail</code> of the data folder.");

	buf_add_str(&page, "<table>\n");
	json_open_object(&json);
	json_key(&json, "mails");
	json_open_array(&json);
	for (size_t i = 0; i < count && i < LIMIT_MAILS_SHOWN; i++) {
		const json_t *mail = read_mail(rq, ids[i]);

		if (mail == NULL)
			continue;
		add_row(&page, mail);
		add_item(&json, mail);
	}
	json_close_array(&json);
	json_close_object(&json);
	buf_add_str(&page, "</table>\n");
	if (dev_page_is_asked(rq))
		dev_page_reply(rq, &page, NULL);
	else
		reply_json(rq, 200, &items);
}

/* GET /dev/mail/{mail_id} */
void get_dev_mail(struct request *rq, const struct get_dev_mail_in *in)
{
	const json_t *mail = expect_mail(rq, in->mail_id);
	struct buf out;

	if (!dev_page_is_asked(rq)) {
		out = buf_new(rq->task.arena, 8192);
		buf_add_str(&out, shelf_read(rq->task.arena, in->mail_id));
		reply_json(rq, 200, &out);
		return;
	}
	out = dev_page_new(rq, member(mail, "subject"), "<a href=\"/dev/mail\">Mails</a>");
	buf_add_str(&out, "<p class=\"q\">");
	html_escape(&out, member(mail, "to"));
	buf_add_str(&out, "</p>\n<iframe sandbox title=\"The mail\" src=\"/dev/mail/");
	html_escape(&out, member(mail, "id"));
	buf_add_str(&out, "/html\"></iframe>\n<pre dir=\"auto\" style=\"white-space:pre-wrap\">");
	html_escape(&out, member(mail, "text"));
	buf_add_str(&out, "</pre>\n");
	dev_page_reply(rq, &out, NULL);
}

/* GET /dev/mail/{mail_id}/html */
void get_dev_mail_html(struct request *rq, const struct get_dev_mail_html_in *in)
{
	struct buf out = buf_new(rq->task.arena, 8192);

	buf_add_str(&out, member(expect_mail(rq, in->mail_id), "html"));
	dev_page_reply(rq, &out, FRAME_POLICY);
}
