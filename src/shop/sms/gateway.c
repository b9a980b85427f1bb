/*
 * Any service that takes a message as one POST request: SMS_GATEWAY_BODY is the body, in which
 * {to}, {text}, {from} and {id} are replaced, as JSON or as a form.
 */
#include <assert.h>
#include <string.h>

#include "base/json.h"
#include "shop/sms/provider.h"

static bool is_json(const struct sms_settings *settings)
{
	return settings->gateway_body[strspn(settings->gateway_body, " \t\r\n")] == '{';
}

/* The value of the placeholder that text begins with, and its length; NULL: it is none. */
static const char *placeholder(const struct sms_settings *settings, const struct sms *sms,
                               const char *text, size_t *ret_length)
{
	const struct {
		const char *name, *value;
	} ALL[] = {{"{to}", sms->to},
	           {"{text}", sms->text},
	           {"{from}", settings->from},
	           {"{id}", sms->id}};

	for (size_t i = 0; i < sizeof(ALL) / sizeof(ALL[0]); i++) {
		*ret_length = strlen(ALL[i].name);
		if (strncmp(text, ALL[i].name, *ret_length) == 0)
			return ALL[i].value;
	}
	return NULL;
}

/* Without the quotes, which the template has. */
static void json_add(struct buf *body, const char *value)
{
	struct buf quoted = buf_new(body->arena, strlen(value) + 16);
	struct json json = json_new(&quoted);

	json_str(&json, value);
	assert(quoted.length >= 2);
	buf_add(body, quoted.data + 1, quoted.length - 2);
}

struct sms_request gateway_build(struct arena *arena, const struct sms_settings *settings,
                                 const struct sms *sms)
{
	bool json = is_json(settings);
	const char *header = settings->gateway_header, *colon = strchr(header, ':');
	struct sms_request request = {
	    .url = settings->gateway_url,
	    .headers = {{"Content-Type", json ? "application/json; charset=utf-8"
	                                      : "application/x-www-form-urlencoded"}},
	    .header_count = 1,
	    .body = buf_new(arena, 512),
	};

	for (const char *at = settings->gateway_body; *at != '\0'; at++) {
		size_t length;
		const char *value = placeholder(settings, sms, at, &length);

		if (value == NULL) {
			buf_add_char(&request.body, *at);
			continue;
		}
		if (json)
			json_add(&request.body, value);
		else
			form_add(&request.body, value);
		at += length - 1;
	}
	if (colon != NULL)
		request.headers[request.header_count++] =
		    (struct http_header){arena_strndup(arena, header, (size_t)(colon - header)),
		                         colon + 1 + strspn(colon + 1, " ")};
	return request;
}

struct sms_verdict gateway_judge(struct arena *arena, const struct sms_settings *settings,
                                 const struct http_client_response *response)
{
	struct sms_verdict verdict = sms_verdict_of_status(arena, response->status);

	if (verdict.outcome == SMS_SENT && settings->gateway_accepted[0] != '\0' &&
	    strstr(response->body, settings->gateway_accepted) == NULL)
		return (struct sms_verdict){.outcome = SMS_NUMBER_REFUSED,
		                            .reason = "the answer has no SMS_GATEWAY_ACCEPTED"};
	return verdict;
}

const char *gateway_mistake(const struct sms_settings *settings)
{
	const char *header = settings->gateway_header;

	if (settings->gateway_url[0] == '\0')
		return NULL;
	if (strncmp(settings->gateway_url, "https://", 8) != 0 &&
	    strncmp(settings->gateway_url, "http://", 7) != 0)
		return "SMS_GATEWAY_URL must be an https or http URL";
	if (strstr(settings->gateway_body, "{to}") == NULL ||
	    strstr(settings->gateway_body, "{text}") == NULL)
		return "SMS_GATEWAY_URL is set, so SMS_GATEWAY_BODY must have {to} and {text}";
	if (header[0] != '\0' &&
	    (strchr(header, ':') == NULL || header[0] == ':' || strpbrk(header, "\r\n") != NULL))
		return "SMS_GATEWAY_HEADER must be a header: `Authorization: Bearer …`";
	return NULL;
}
