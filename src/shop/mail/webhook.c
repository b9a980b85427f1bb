/*
 * webhook: what a mail provider tells of mails that came back and of readers who complained, in
 * JSON of our own or of Amazon SES, alone or in a notification of SNS. No address in it is called.
 */
#include <assert.h>
#include <jansson.h>
#include <sodium.h>
#include <string.h>
#include <strings.h>

#include "api.gen.h"
#include "base/email.h"
#include "mail.sql.h"
#include "net/log.h"
#include "shop/mail/sender.h"
#include "web/json_parse.h"
#include "web/reply.h"

enum { ADDRESSES_MAX = 1000, CREDENTIALS_BYTES = 512 };

static const char *webhook_secret = "";

/* What is told: addresses in the form in which they are kept. */
struct told {
	struct request *rq;
	const char *reason; /* NULL: nothing that matters */
	const char *detail;
	const char *addresses[ADDRESSES_MAX];
	size_t count;
};

void mail_webhook_start(const struct mail_settings *settings)
{
	webhook_secret = settings->webhook_secret;
}

static bool is_secret(const char *given)
{
	uint8_t ours[32], theirs[32];

	crypto_generichash(ours, sizeof(ours), (const uint8_t *)webhook_secret,
	                   strlen(webhook_secret), NULL, 0);
	crypto_generichash(theirs, sizeof(theirs), (const uint8_t *)given, strlen(given), NULL, 0);
	return sodium_memcmp(ours, theirs, sizeof(ours)) == 0;
}

/* Basic, with any name: it is what every provider can send, in the URL that it is given. */
static void authenticate(struct request *rq)
{
	const char *header = http_header(rq->http, "Authorization");
	char credentials[CREDENTIALS_BYTES + 1];
	size_t length = 0;
	bool good = header != NULL && strncasecmp(header, "Basic ", 6) == 0 &&
	            sodium_base642bin((uint8_t *)credentials, CREDENTIALS_BYTES, header + 6,
	                              strlen(header + 6), " ", &length, NULL,
	                              sodium_base64_VARIANT_ORIGINAL) == 0;

	credentials[length] = 0;
	const char *colon = good ? strchr(credentials, ':') : NULL;

	good = colon != NULL && is_secret(colon + 1);
	sodium_memzero(credentials, sizeof(credentials));
	if (good)
		return;
	reply_header(rq, "WWW-Authenticate", "Basic realm=\"mail\"");
	task_end(&rq->task, PROBLEM_UNAUTHENTICATED,
	         "Authorization must be Basic with the secret of the webhook as password.");
}

static const char *read_body(struct request *rq, size_t *ret_length)
{
	size_t size = rq->operation->body_bytes_max;
	char *text = arena_alloc(rq->task.arena, size + 1);
	long count = http_read_whole(rq->http, text, size, rq->task.deadline_ms);

	if (count < 0)
		task_end(&rq->task, PROBLEM_INVALID, "The request did not come to its end.");
	*ret_length = (size_t)count;
	return text;
}

static const json_t *parse(struct request *rq, const char *text, size_t length)
{
	struct check check;
	const json_t *json;

	check_init(&check, rq->task.arena);
	json = json_parse(&check, text, length);
	if (!json_is_object(json))
		task_end(&rq->task, PROBLEM_INVALID, "The body must be a JSON object.");
	return json;
}

static const char *text_in(const json_t *json, const char *name)
{
	const char *text = json_string_value(json_object_get(json, name));

	return text != NULL ? text : "";
}

static void add_address(struct told *told, const char *typed)
{
	const char *form = strlen(typed) <= EMAIL_BYTES
	                       ? email_form(told->rq->task.arena, typed, strlen(typed))
	                       : NULL;

	if (form != NULL && told->count < ADDRESSES_MAX)
		told->addresses[told->count++] = form;
}

static void add_recipients(struct told *told, const json_t *recipients)
{
	for (size_t i = 0; i < json_array_size(recipients); i++)
		add_address(told, text_in(json_array_get(recipients, i), "emailAddress"));
}

/* https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html; only Permanent bounces are
 * for good. */
static void read_ses(struct told *told, const json_t *json, const char *kind)
{
	const json_t *bounce = json_object_get(json, "bounce");
	const json_t *complaint = json_object_get(json, "complaint");

	if (strcmp(kind, "Bounce") == 0 &&
	    strcmp(text_in(bounce, "bounceType"), "Permanent") == 0) {
		told->reason = "bounce";
		told->detail = "SES";
		add_recipients(told, json_object_get(bounce, "bouncedRecipients"));
	} else if (strcmp(kind, "Complaint") == 0) {
		told->reason = "complaint";
		told->detail = "SES";
		add_recipients(told, json_object_get(complaint, "complainedRecipients"));
	}
}

static void read_ours(struct told *told, const json_t *json)
{
	const char *kind = text_in(json, "kind");

	if (strcmp(kind, "bounce") != 0 && strcmp(kind, "complaint") != 0)
		task_end_field(&told->rq->task, "/kind", "choice", "must be bounce or complaint");
	told->reason = kind;
	told->detail = "";
	add_address(told, text_in(json, "address"));
	if (told->count == 0)
		task_end_field(&told->rq->task, "/address", "format",
		               "must be an address of e-mail");
}

static void read_told(struct told *told, const json_t *json)
{
	const char *type = text_in(json, "Type");

	if (strcmp(type, "SubscriptionConfirmation") == 0) {
		/* Whoever runs this server opens it: nothing that is told is called. */
		LOG_WARNING("Amazon SNS asks to confirm that it may tell of mails",
		            log_str("open", text_in(json, "SubscribeURL")));
		return;
	}
	if (strcmp(type, "Notification") == 0) {
		const char *message = text_in(json, "Message");

		json = parse(told->rq, message, strlen(message));
	}
	const char *kind = text_in(json, "notificationType");

	if (kind[0] == 0)
		kind = text_in(json, "eventType");
	if (kind[0] != 0)
		read_ses(told, json, kind);
	else
		read_ours(told, json);
}

/* POST /v1/webhooks/mail */
void take_mail_webhook(struct request *rq, const struct take_mail_webhook_in *in)
{
	struct told *told = arena_alloc(rq->task.arena, sizeof(*told));
	size_t length;

	(void)in;
	told->rq = rq;
	if (webhook_secret[0] == 0)
		task_end(&rq->task, PROBLEM_NOT_FOUND, "SEBEZ_MAIL_WEBHOOK_SECRET is not set.");
	authenticate(rq);
	const char *text = read_body(rq, &length);

	read_told(told, parse(rq, text, length));
	if (told->reason != NULL && told->count > 0)
		sql_mail_suppress_told(db_of(&rq->task),
		                       (struct text_array){told->count, told->addresses},
		                       told->reason, told->detail);
	reply_empty(rq);
}
