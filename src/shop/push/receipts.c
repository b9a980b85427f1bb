/* Receipts of Expo: whether Apple and Google have taken what Expo had. An address of which they say
 * that it is gone is removed; the message itself is not sent again, as some may have got it. */
#include <assert.h>
#include <jansson.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "net/loop.h"
#include "send.sql.h"
#include "shop/push/internal.h"
#include "shop/push/sender.h"

enum { AGAIN_MS = 15 * 60 * 1000 };

struct asked {
	struct delivery *delivery;
	struct push_gone_gone device;
	const char *receipt;
};

static bool read_row(struct arena *arena, struct delivery *delivery, struct asked *ret)
{
	json_t *payload = json_loads(delivery->payload, 0, NULL);
	const char *account = json_string_value(json_object_get(payload, "account_id"));
	const char *receipt = json_string_value(json_object_get(payload, "receipt"));
	bool good = account != NULL && receipt != NULL;

	*ret = (struct asked){.delivery = delivery};
	if (good) {
		good = uuid_parse(account, &ret->device.account_id);
		ret->device.device_id = delivery->subject_id;
		ret->device.registered_ms =
		    json_integer_value(json_object_get(payload, "registered_ms"));
		ret->receipt = arena_strdup(arena, receipt);
	}
	json_decref(payload);
	return good;
}

static bool may_begin(struct task *task, struct delivery *delivery, struct asked *ret)
{
	if (!read_row(task->arena, delivery, ret)) {
		delivery_skip(delivery);
		return false;
	}
	return delivery_begin(delivery);
}

static void conclude(struct asked *asked, const struct push_verdict *verdict, bool is_known)
{
	if (verdict->outcome == PUSH_NOT_SENT)
		delivery_unsent(asked->delivery);
	else if (!is_known && verdict->outcome == PUSH_PROVIDER_FAILED)
		delivery_unreachable(asked->delivery, verdict->delay_ms, verdict->reason);
	else if (!is_known || verdict->outcome == PUSH_RETRY)
		delivery_retry(asked->delivery,
		               verdict->delay_ms > AGAIN_MS ? verdict->delay_ms : AGAIN_MS,
		               verdict->reason);
	else
		delivery_done(asked->delivery);
	if (is_known && (verdict->outcome == PUSH_ALARM || verdict->outcome == PUSH_FOREIGN))
		push_log_refusal(PUSH_EXPO, true, verdict);
}

static int ask(struct task *task, struct asked asked[], size_t count,
               struct http_client_response *ret)
{
	const struct expo_server server = {push_sender.settings->expo_origin,
	                                   push_sender.settings->expo_access_token};
	const char **receipts = arena_array(task->arena, count, sizeof(*receipts));
	struct push_request built;

	for (size_t i = 0; i < count; i++)
		receipts[i] = asked[i].receipt;
	int rc = expo_build_receipts(task->arena, &server, receipts, count, &built);

	if (rc < 0)
		return rc;
	const struct http_client_request request = push_call(&built, PUSH_ANSWERS_BYTES, true);

	return http_client_send(task->arena, &request, loop_now_ms() + LIMIT_DELIVERY_ATTEMPT_MS,
	                        ret);
}

static void judge(struct task *task, struct asked asked[], size_t count, int rc,
                  const struct http_client_response *response)
{
	struct push_verdict *verdicts = arena_array(task->arena, count, sizeof(*verdicts));
	struct push_gone_gone *gone = arena_array(task->arena, count, sizeof(*gone));
	const char **receipts = arena_array(task->arena, count, sizeof(*receipts));
	size_t gone_count = 0;
	bool is_known = false;

	for (size_t i = 0; i < count; i++) {
		receipts[i] = asked[i].receipt;
		verdicts[i] = push_unanswered(rc, true);
	}
	if (rc == 0)
		is_known = expo_judge_receipts(task->arena, response, receipts, count,
		                               clock_now_us() / 1000000, verdicts);
	for (size_t i = 0; i < count; i++) {
		conclude(&asked[i], &verdicts[i], is_known);
		if (is_known && verdicts[i].outcome == PUSH_ADDRESS_GONE)
			gone[gone_count++] = asked[i].device;
	}
	delivery_allow_time(task);
	if (gone_count > 0)
		sql_push_gone(db_of(task), gone_count, gone);
}

void push_ask_receipts(struct task *task, struct delivery rows[], size_t count)
{
	struct asked *asked = arena_array(task->arena, count, sizeof(*asked));
	struct http_client_response response;
	size_t begun = 0;

	assert(count > 0 && count <= EXPO_RECEIPTS);
	if (push_sender.settings->expo_access_token[0] == '\0') {
		for (size_t i = 0; i < count; i++)
			delivery_wait(&rows[i]);
		return;
	}
	for (size_t i = 0; i < count; i++)
		if (may_begin(task, &rows[i], &asked[begun]))
			begun++;
	if (begun == 0)
		return;
	int rc = ask(task, asked, begun, &response);

	judge(task, asked, begun, rc, &response);
}
