/*
 * send: sending and editing messages under the rules against contact leaks.
 *
 * The rules are settings. A text is judged by the rules cached in this process and sent with them.
 * If the rules have changed since, the database refuses it and returns the current ones, and the
 * text is judged again. So a changed rule applies at once, without a round trip to read the rules.
 */
#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "base/clock.h"
#include "chat.sql.h"
#include "shop/chat/attachments.h"
#include "shop/chat/contact.h"
#include "shop/chat/talk.h"
#include "shop/chat/together.h"
#include "web/reply.h"

enum { JUDGED_MAX = 4 }; /* attempts: admins rarely change rules */

static struct contact_rules rules; /* cached; see above */

/* In the order of enum contact, as in chat_judged(): "allow mask hold". */
static const char *rules_text(struct arena *arena)
{
	return arena_printf(arena, "%s %s %s", CONTACT_RULE_NAMES[rules.of[CONTACT_EMAIL]],
	                    CONTACT_RULE_NAMES[rules.of[CONTACT_LINK]],
	                    CONTACT_RULE_NAMES[rules.of[CONTACT_PHONE]]);
}

static enum contact_rule_choice rule_named(const char *name, size_t length)
{
	int rule = 0;

	while (rule < CONTACT_RULE_COUNT && (strncmp(CONTACT_RULE_NAMES[rule], name, length) != 0 ||
	                                     CONTACT_RULE_NAMES[rule][length] != 0))
		rule++;
	assert(rule < CONTACT_RULE_COUNT); /* the column is checked */
	return (enum contact_rule_choice)rule;
}

static void rules_learn(const char *text)
{
	for (enum contact each = 0; each < CONTACT_COUNT; each++) {
		size_t length = strcspn(text, " ");

		rules.of[each] = rule_named(text, length);
		text += length + (text[length] == ' ');
	}
}

/* Runs the batch of a judged message. False when the rules have changed: the cache is updated,
 * judge again. */
static bool run_judged(struct db *batch, int times)
{
	const struct pg_error *refusal = db_try_run(batch);

	if (refusal == NULL)
		return true;
	if (strcmp(refusal->sqlstate, CHAT_RULES_CHANGED) != 0 || times == JUDGED_MAX)
		db_end_refused(batch, refusal);
	rules_learn(refusal->detail);
	return false;
}

/* A message after the rules were applied. */
struct judged {
	const char *text, *attachments; /* NULL when there are none */
	unsigned held;
	enum message_kind_choice kind;
};

/* The text after the rules; NULL for NULL. Adds to `held`. */
static const char *judge_text(struct arena *arena, const char *text, unsigned *held)
{
	struct contact_verdict verdict;

	if (text == NULL)
		return NULL;
	verdict = contact_judge(arena, &rules, text);
	*held |= verdict.held;
	return verdict.text;
}

static enum message_kind_choice kind_of(const struct send_message_in *in,
                                        const struct media_file files[])
{
	if (in->product_id != NULL)
		return MESSAGE_KIND_PRODUCT;
	if (in->sub_order_id != NULL)
		return MESSAGE_KIND_ORDER;
	return in->attachments_count > 0 ? attachments_kind(in->attachments_count, files)
	                                 : MESSAGE_KIND_TEXT;
}

/* files: of its attachments. */
static struct judged judge(struct arena *arena, const struct send_message_in *in,
                           const struct media_file files[])
{
	struct judged judged = {.kind = kind_of(in, files)};
	struct buf buf = buf_new(arena, 256);
	struct json json = json_new(&buf);

	judged.text = judge_text(arena, in->text != NULL ? in->text : "", &judged.held);
	json_open_array(&json);
	for (size_t i = 0; i < in->attachments_count; i++) {
		const struct attachment_input_in *one = &in->attachments[i];
		const char *name = judge_text(arena, one->name, &judged.held);
		const char *alt = judge_text(arena, one->alt, &judged.held);

		attachment_keep(&json, one->upload_id, &files[i], name, alt != NULL ? alt : "");
	}
	json_close_array(&json);
	judged.attachments = in->attachments_count > 0 ? buf.data : NULL;
	return judged;
}

static struct text_array names_of(struct arena *arena, unsigned held)
{
	const char **names = arena_array(arena, CONTACT_COUNT, sizeof(names[0]));
	struct text_array array = {.items = names};

	for (enum contact each = 0; each < CONTACT_COUNT; each++)
		if (held & 1U << each)
			names[array.count++] = CONTACT_NAMES[each];
	return array;
}

/* Digest of the message as sent by the client, before the rules are applied. */
static struct uuid digest_of(struct arena *arena, const struct send_message_in *in)
{
	struct buf buf = buf_new(arena, 256);
	struct json json = json_new(&buf);
	struct uuid digest;

	json_open_array(&json);
	json_str(&json, in->text != NULL ? in->text : "");
	for (size_t i = 0; i < in->attachments_count; i++) {
		json_uuid(&json, in->attachments[i].upload_id);
		json_str(&json, in->attachments[i].name);
		json_str(&json, in->attachments[i].alt);
	}
	in->product_id != NULL ? json_uuid(&json, *in->product_id) : json_nil(&json);
	in->sub_order_id != NULL ? json_uuid(&json, *in->sub_order_id) : json_nil(&json);
	in->reply_to != NULL ? json_int(&json, *in->reply_to) : json_nil(&json);
	json_close_array(&json);
	crypto_generichash(digest.bytes, sizeof(digest.bytes), (const uint8_t *)buf.data,
	                   buf.length, NULL, 0);
	return digest;
}

static void reply_first(struct request *rq, int status, const struct rows *rows)
{
	struct buf body = buf_new(rq->task.arena, 1024);
	struct json json = json_new(&body);

	rows_json_object(rows, 0, &json);
	reply_json(rq, status, &body);
}

static void reply_message(struct request *rq, int status, struct rows *rows)
{
	attachments_show(rq, rows, "attachments");
	reply_first(rq, status, rows);
}

/* The statements of one round trip and their results. */
struct sending {
	struct db *batch;
	struct rows *sent, *held;
};

static struct sending send_judged(struct request *rq, const struct send_message_in *in,
                                  const struct judged *judged)
{
	bool staff = talk_is_staff(rq);
	struct sending sending = {.batch = db_batch(&rq->task)};
	struct arena *arena = rq->task.arena;

	sql_message_send(sending.batch, &(struct message_send_args){
	                                    .conversation = in->conversation_id,
	                                    .id = uuid_v7(),
	                                    .client_id = in->client_id,
	                                    .digest = digest_of(arena, in),
	                                    .rules = rules_text(arena),
	                                    .found = names_of(arena, judged->held),
	                                    .kind = MESSAGE_KIND_NAMES[judged->kind],
	                                    .text = judged->text,
	                                    .attachments = judged->attachments,
	                                    .product = in->product_id,
	                                    .sub_order = in->sub_order_id,
	                                    .reply_to = in->reply_to,
	                                });
	sending.sent =
	    sql_messages(sending.batch, &(struct messages_args){
	                                    .conversation = in->conversation_id,
	                                    .client_id = in->client_id,
	                                    .author = staff ? "vendor" : "customer",
	                                    .by = staff ? &rq->task.actor.account_id : NULL,
	                                    .staff = staff,
	                                    .order = MESSAGES_ORDER_NEWEST,
	                                    .after_key = TIME_INFINITY,
	                                    .page_size = 1,
	                                });
	sending.held = sql_held_of_mine(sending.batch, in->conversation_id, in->client_id);
	chat_announce(sending.batch);
	return sending;
}

/* The answer when it went together with others; NULL: send it on its own. */
static struct buf *send_plain(struct request *rq, const struct send_message_in *in,
                              const struct judged *judged)
{
	const struct actor *actor = &rq->task.actor;
	struct messages_send_sent message = {
	    .author = actor->account_id,
	    .session = actor->session_id,
	    .vendor = talk_is_staff(rq) ? &actor->vendor_id : NULL,
	    .roles = (int32_t)actor->roles,
	    .conversation = in->conversation_id,
	    .id = uuid_v7(),
	    .client_id = in->client_id,
	    .digest = digest_of(rq->task.arena, in),
	    .text = judged->text,
	    .reply_to = in->reply_to,
	};

	if (judged->held != 0 || judged->kind != MESSAGE_KIND_TEXT)
		return NULL;
	return send_together(&rq->task, rules_text(rq->task.arena), &message);
}

/* Runs until the text was judged by the present rules. */
static void send_alone(struct request *rq, const struct send_message_in *in,
                       const struct media_file files[])
{
	struct sending sending;
	int times = 0;

	do {
		struct judged judged = judge(rq->task.arena, in, files);

		sending = send_judged(rq, in, &judged);
	} while (!run_judged(sending.batch, ++times));
	if (rows_count(sending.sent) == 0)
		reply_first(rq, 202, sending.held);
	else
		reply_message(rq, 201, sending.sent);
}

/* POST /v1[/vendors/{vendor_id}]/conversations/{conversation_id}/messages */
void send_message(struct request *rq, const struct send_message_in *in)
{
	const struct media_file *files;
	struct judged judged;
	struct buf *answer;

	if ((in->text == NULL || in->text[0] == '\0') && in->attachments_count == 0 &&
	    in->product_id == NULL && in->sub_order_id == NULL)
		task_end_field(&rq->task, "/text", "required", "The message is empty.");
	files = attachments_find(rq, in);
	judged = judge(rq->task.arena, in, files);
	answer = send_plain(rq, in, &judged);
	if (answer == NULL)
		send_alone(rq, in, files);
	else
		reply_json(rq, 201, answer);
	presence_seen(talk_speaker(rq));
}

/* Edits are never held: those with contact details are refused. A field error as JSON; NULL: none.
 */
static const char *wrong_of_edit(struct contact_verdict verdict)
{
	return verdict.held == 0 ? NULL
	                         : "{\"field\":\"/text\",\"code\":\"contact\","
	                           "\"detail\":\"An edit must not add contact details.\"}";
}

/* PATCH /v1[/vendors/{vendor_id}]/conversations/{conversation_id}/messages/{message_id} */
void edit_message(struct request *rq, const struct edit_message_in *in)
{
	struct arena *arena = rq->task.arena;
	struct rows *edited;
	struct db *batch;
	int times = 0;

	do {
		struct contact_verdict verdict = contact_judge(arena, &rules, in->text);

		batch = db_batch(&rq->task);
		sql_message_edit(batch, in->conversation_id, in->message_id, rules_text(arena),
		                 wrong_of_edit(verdict), verdict.text);
		edited = talk_message(rq, batch, in->conversation_id, in->message_id);
		chat_announce(batch);
	} while (!run_judged(batch, ++times));
	reply_message(rq, 200, edited);
}
