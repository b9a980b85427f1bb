#include "shop/mail/letter.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/dkim.h"
#include "base/html.h"
#include "base/json.h"
#include "base/mime.h"

enum { GREETED_NAME_BYTES_MAX = 80 };

/* Whoever registers with an address of somebody else chooses the name: one that mail programs make
 * a link of is left out. */
static bool may_greet(const char *name)
{
	for (const char *c = name; *c != 0; c++)
		if (strchr("/:@", *c) != NULL || (*c == '.' && c[1] != ' ' && c[1] != 0))
			return false;
	return strlen(name) <= GREETED_NAME_BYTES_MAX;
}

static const char *say(struct arena *arena, const struct letter *letter, const char *key)
{
	const char *text = text_of(arena, &letter->reader, key, "{}");

	assert(text != NULL); /* it inserts nothing */
	return text;
}

/* NULL: none. */
static const char *greeting(struct arena *arena, const struct letter *letter)
{
	struct buf facts = buf_new(arena, 256);
	struct json json = json_new(&facts);

	if (letter->name == NULL || !may_greet(letter->name))
		return NULL;
	json_open_object(&json);
	json_put_str(&json, "name", letter->name);
	json_close_object(&json);
	return text_of(arena, &letter->reader, "mail.greeting", facts.data);
}

static const char *reason_of(struct arena *arena, const struct letter *letter)
{
	return letter->reason != NULL ? letter->reason : say(arena, letter, "mail.reason");
}

static const char *unsubscribe_url(struct arena *arena, const struct mail_settings *settings,
                                   const struct letter *letter)
{
	if (letter->unsubscribe == NULL)
		return NULL;
	return arena_printf(arena, "%s/v1/mail/unsubscribe/%s", settings->public_url,
	                    letter->unsubscribe);
}

static const char *write_text(struct arena *arena, const struct mail_settings *settings,
                              const struct letter *letter)
{
	struct buf out = buf_new(arena, 1024);
	const char *greets = greeting(arena, letter);
	const char *unsubscribe = unsubscribe_url(arena, settings, letter);

	if (greets != NULL)
		buf_printf(&out, "%s\n\n", greets);
	for (size_t i = 0; i < letter->part_count; i++) {
		const struct letter_part *part = &letter->parts[i];

		if (letter->part_count > 1)
			buf_printf(&out, "* %s\n\n", part->title);
		buf_printf(&out, "%s\n\n", part->body);
		if (part->link != NULL)
			buf_printf(&out, "%s: %s%s\n\n", say(arena, letter, "mail.open"),
			           settings->public_url, part->link);
	}
	buf_add_str(&out, "-- \n");
	if (settings->name[0] != 0)
		buf_printf(&out, "%s\n", settings->name);
	buf_printf(&out, "%s\n", reason_of(arena, letter));
	if (unsubscribe != NULL)
		buf_printf(&out, "%s: %s\n", say(arena, letter, "mail.unsubscribe"), unsubscribe);
	return out.data;
}

/* HTML. */

static void add_element(struct buf *out, const char *open, const char *text, const char *close)
{
	buf_add_str(out, open);
	html_escape(out, text);
	buf_add_str(out, close);
}

static void add_link(struct buf *out, const char *style, const char *url, const char *text)
{
	buf_printf(out, "<a style=\"%s\" href=\"", style);
	html_escape(out, url);
	add_element(out, "\">", text, "</a>");
}

static void add_head(struct buf *out, const struct mail_settings *settings,
                     const struct letter *letter)
{
	bool rtl = text_is_right_to_left(letter->reader.language);

	buf_printf(out, "<!doctype html>\n<html lang=\"%s\" dir=\"%s\">\n<head>\n",
	           text_language_name(letter->reader.language), rtl ? "rtl" : "ltr");
	buf_add_str(out, "<meta charset=\"utf-8\">\n"
	                 "<meta name=\"viewport\" content=\"width=device-width\">\n");
	add_element(out, "<title>", letter->subject, "</title>\n</head>\n");
	buf_printf(out,
	           "<body style=\"margin:0;padding:24px 12px;background:#f4f4f2;color:#1f2328;"
	           "font:16px/1.5 system-ui,sans-serif\">\n"
	           "<div dir=\"%s\" style=\"max-width:560px;margin:0 auto;padding:24px;"
	           "background:#fff;border-radius:12px\">\n",
	           rtl ? "rtl" : "ltr");
	if (settings->name[0] != 0)
		add_element(out, "<p style=\"margin:0 0 16px;color:#57606a\">", settings->name,
		            "</p>\n");
}

static void add_part(struct buf *out, const struct mail_settings *settings,
                     const struct letter *letter, const struct letter_part *part)
{
	static const char BUTTON[] = "display:inline-block;padding:10px 20px;border-radius:8px;"
	                             "background:#1f2328;color:#fff;text-decoration:none";

	add_element(out, "<h1 style=\"margin:0 0 8px;font-size:20px\">", part->title, "</h1>\n");
	add_element(out, "<p style=\"margin:0 0 16px\">", part->body, "</p>\n");
	if (part->link == NULL)
		return;
	buf_add_str(out, "<p>");
	add_link(out, BUTTON, arena_printf(out->arena, "%s%s", settings->public_url, part->link),
	         say(out->arena, letter, "mail.open"));
	buf_add_str(out, "</p>\n");
}

static const char *write_html(struct arena *arena, const struct mail_settings *settings,
                              const struct letter *letter)
{
	struct buf out = buf_new(arena, 4096);
	const char *greets = greeting(arena, letter);
	const char *unsubscribe = unsubscribe_url(arena, settings, letter);

	add_head(&out, settings, letter);
	if (greets != NULL)
		add_element(&out, "<p style=\"margin:0 0 16px\">", greets, "</p>\n");
	for (size_t i = 0; i < letter->part_count; i++)
		add_part(&out, settings, letter, &letter->parts[i]);
	add_element(&out, "<p style=\"margin:24px 0 0;font-size:13px;color:#57606a\">",
	            reason_of(arena, letter), "");
	if (unsubscribe != NULL) {
		buf_add_str(&out, "<br>\n");
		add_link(&out, "color:#57606a", unsubscribe,
		         say(arena, letter, "mail.unsubscribe"));
	}
	buf_add_str(&out, "</p>\n</div>\n</body>\n</html>\n");
	return out.data;
}

/* Bytes. */

bool letter_write(struct arena *arena, const struct mail_settings *settings,
                  const struct letter *letter, struct letter_written *ret)
{
	char id[UUID_TEXT_LENGTH + 1];
	const char *header = "";
	int64_t now_us = clock_now_us();

	assert(letter->part_count > 0 && letter->subject != NULL);
	uuid_format(letter->id, id);
	/* Receivers call only https (RFC 8058). */
	const char *unsubscribe = strncmp(settings->public_url, "https:", 6) == 0
	                              ? unsubscribe_url(arena, settings, letter)
	                              : NULL;
	ret->text = write_text(arena, settings, letter);
	ret->html = write_html(arena, settings, letter);
	const struct mime_mail mail = {
	    .from_name = settings->name,
	    .from = settings->from,
	    .to = letter->to,
	    .subject = letter->subject,
	    .message_id = arena_printf(arena, "%s@%s", id, settings->server.name),
	    .time_us = now_us,
	    .text = ret->text,
	    .html = ret->html,
	    .language = text_language_name(letter->reader.language),
	    .unsubscribe = unsubscribe,
	};
	const char *bytes = mime_write(arena, &mail, &ret->length);

	if (settings->dkim_key != NULL)
		header = dkim_sign(arena, settings->dkim_key, settings->server.name,
		                   settings->dkim_selector, now_us / 1000000, bytes, ret->length);
	if (header == NULL)
		return false;
	ret->length += strlen(header);
	ret->bytes = arena_printf(arena, "%s%s", header, bytes);
	return true;
}
