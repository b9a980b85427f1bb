/* Makes and sends mails for test_mail_judges.py: a JSON object on a line of stdin, a JSON value on
 * a line as the answer. */
#include <assert.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/dkim.h"
#include "base/limits.h"
#include "base/mime.h"
#include "net/co.h"
#include "net/http_client.h"
#include "net/loop.h"
#include "net/smtp_client.h"

enum { ARENA_BYTES = 16 * 1024 * 1024, LINE_BYTES = 1024 * 1024 };

static const char *text(const json_t *from, const char *name)
{
	return json_string_value(json_object_get(from, name));
}

static json_t *written(struct arena *arena, const json_t *asked)
{
	struct mime_mail mail = {.from_name = text(asked, "from_name"),
	                         .from = text(asked, "from"),
	                         .to = text(asked, "to"),
	                         .reply_to = text(asked, "reply_to"),
	                         .subject = text(asked, "subject"),
	                         .message_id = text(asked, "message_id"),
	                         .time_us = json_integer_value(json_object_get(asked, "time_us")),
	                         .text = text(asked, "text"),
	                         .html = text(asked, "html"),
	                         .language = text(asked, "language"),
	                         .unsubscribe = text(asked, "unsubscribe")};
	size_t length;
	const char *bytes = mime_write(arena, &mail, &length);

	return json_stringn(bytes, length);
}

static json_t *dkim(struct arena *arena, const json_t *asked)
{
	const char *error = "", *pem = text(asked, "pem"), *mail = text(asked, "mail");
	struct dkim_key *key = dkim_key_from_pem(pem, strlen(pem), &error);
	json_t *answer;

	if (key == NULL)
		return json_pack("{s:s}", "error", error);
	answer = json_pack("{s:s,s:s}", "header",
	                   dkim_sign(arena, key, text(asked, "domain"), text(asked, "selector"),
	                             json_integer_value(json_object_get(asked, "time")), mail,
	                             strlen(mail)),
	                   "record", dkim_record(arena, key));
	dkim_key_free(key);
	return answer;
}

/* Sends messages to the addresses of a list, all at once; answers with a list of verdicts. */
static json_t *sent(const json_t *asked)
{
	struct smtp_server server = {.url = text(asked, "url"),
	                             .user = text(asked, "user"),
	                             .password = text(asked, "password"),
	                             .name = "shop.example",
	                             .plain = json_is_true(json_object_get(asked, "plain"))};
	const json_t *to = json_object_get(asked, "to");
	struct smtp_message messages[LIMIT_MAILS_AT_ONCE];
	size_t count = json_array_size(to);
	json_t *answer = json_array();

	assert(count <= LIMIT_MAILS_AT_ONCE);
	for (size_t i = 0; i < count; i++)
		messages[i] = (struct smtp_message){.from = text(asked, "from"),
		                                    .to = json_string_value(json_array_get(to, i)),
		                                    .bytes = text(asked, "bytes"),
		                                    .length = strlen(text(asked, "bytes"))};
	smtp_client_send(&server, messages, count,
	                 loop_now_ms() + json_integer_value(json_object_get(asked, "deadline_ms")));
	for (size_t i = 0; i < count; i++)
		json_array_append_new(answer, json_pack("[ss]", SMTP_VERDICTS[messages[i].verdict],
		                                        messages[i].reason));
	return answer;
}

static json_t *answer_of(struct arena *arena, const json_t *asked)
{
	const char *what = text(asked, "do");

	if (strcmp(what, "write") == 0)
		return written(arena, asked);
	if (strcmp(what, "dkim") == 0)
		return dkim(arena, asked);
	assert(strcmp(what, "send") == 0);
	return sent(asked);
}

static void serve(void *arg)
{
	char *line = malloc(LINE_BYTES);

	assert(line != NULL);
	while (fgets(line, LINE_BYTES, stdin) != NULL) {
		struct arena *arena = arena_new(ARENA_BYTES, NULL, NULL);
		json_t *asked = json_loads(line, 0, NULL), *answer;

		assert(asked != NULL);
		answer = answer_of(arena, asked);
		json_dumpf(answer, stdout, JSON_ENCODE_ANY);
		putchar('\n');
		fflush(stdout);
		json_decref(answer);
		json_decref(asked);
		arena_free(arena);
	}
	free(line);
	loop_stop();
}

int main(int argc, char **argv)
{
	if (http_client_start(&(struct http_client_options){0}) < 0 ||
	    smtp_client_start(argc > 1 ? argv[1] : NULL) < 0 || co_start(serve, NULL) < 0)
		return 1;
	loop_run();
	smtp_client_stop();
	http_client_stop();
	return 0;
}
