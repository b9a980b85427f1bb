/* Expo: requests of many messages. What it refuses as a whole is sent again in halves, until the
 * message that is at fault is alone. */
#include <assert.h>
#include <errno.h>

#include "base/clock.h"
#include "base/limits.h"
#include "net/loop.h"
#include "send.sql.h"
#include "shop/push/internal.h"
#include "shop/push/sender.h"

struct part {
	struct push_batch *batch;
	struct sending *sendings;
	size_t count;
};

static int64_t now_s(void)
{
	return clock_now_us() / 1000000;
}

static void conclude_all(const struct part *part, const struct push_verdict *verdict)
{
	for (size_t i = 0; i < part->count; i++)
		push_conclude(part->batch, &part->sendings[i], verdict);
}

/* Receipts tell later whether Apple and Google have taken what Expo has. */
static void keep_receipts(const struct part *part, const struct push_verdict verdicts[])
{
	struct arena *arena = part->batch->task->arena;
	struct push_receipts_keep_kept *kept = arena_array(arena, part->count, sizeof(*kept));
	size_t count = 0;

	for (size_t i = 0; i < part->count; i++) {
		const struct sending *sending = &part->sendings[i];

		if (verdicts[i].receipt != NULL)
			kept[count++] = (struct push_receipts_keep_kept){
			    .account_id = sending->account_id,
			    .device_id = sending->device_id,
			    .receipt = verdicts[i].receipt,
			    .registered_ms = sending->registered_ms};
	}
	if (count > 0)
		sql_push_receipts_keep(db_of(part->batch->task), count, kept);
}

/* Whether its parts may do better: a request of devices of several projects is refused, too. */
static bool may_be_split(const struct part *part, const struct push_verdict *verdict,
                         const struct http_client_response *response)
{
	return part->count > 1 && response->status == 400 &&
	       (verdict->outcome == PUSH_DROPPED || verdict->outcome == PUSH_ALARM);
}

/* True: it is to be sent in halves. */
static bool take(const struct part *part, int result, const struct http_client_response *response)
{
	struct arena *arena = part->batch->task->arena;
	struct push_verdict *verdicts = arena_array(arena, part->count, sizeof(*verdicts));
	struct push_verdict unanswered;

	if (result < 0) {
		unanswered = push_unanswered(result, true);
		conclude_all(part, &unanswered);
		return false;
	}
	if (!expo_judge(arena, response, part->count, now_s(), verdicts) &&
	    may_be_split(part, &verdicts[0], response))
		return true;
	for (size_t i = 0; i < part->count; i++)
		push_conclude(part->batch, &part->sendings[i], &verdicts[i]);
	keep_receipts(part, verdicts);
	return false;
}

/* The request; those that cannot be sent are concluded, and left out of *part. */
static bool build(struct part *part, struct push_request *ret)
{
	struct arena *arena = part->batch->task->arena;
	const struct expo_server server = {push_sender.settings->expo_origin,
	                                   push_sender.settings->expo_access_token};

	while (part->count > 0) {
		struct push *pushes = arena_array(arena, part->count, sizeof(*pushes));
		size_t failed = 0;

		for (size_t i = 0; i < part->count; i++)
			pushes[i] = part->sendings[i].push;
		int rc = expo_build(arena, &server, pushes, part->count, now_s(), ret, &failed);

		if (rc == 0)
			return true;
		struct push_verdict verdict = {
		    .outcome = rc == -EINVAL ? PUSH_ADDRESS_GONE : PUSH_DROPPED,
		    .reason = rc == -EINVAL ? "bad address" : "too large"};
		struct sending bad = part->sendings[failed];

		part->sendings[failed] = part->sendings[--part->count];
		part->sendings[part->count] = bad;
		push_conclude(part->batch, &part->sendings[part->count], &verdict);
	}
	return false;
}

/* True: it is to be sent in halves. */
static bool send_part(struct part *part)
{
	static const struct push_verdict LATE = {.outcome = PUSH_RETRY, .reason = "no time left"};
	int64_t deadline_ms = loop_now_ms() + LIMIT_DELIVERY_ATTEMPT_MS;
	struct http_client_response response;
	struct push_request built;

	if (deadline_ms > part->batch->task->deadline_ms) {
		conclude_all(part, &LATE);
		return false;
	}
	if (!build(part, &built))
		return false;
	const struct http_client_request request = push_call(&built, PUSH_ANSWERS_BYTES, true);
	int rc = http_client_send(part->batch->task->arena, &request, deadline_ms, &response);

	return take(part, rc, &response);
}

void send_expo(struct push_batch *batch)
{
	/* Of halves one waits while the other is sent: as many as a batch can be halved. */
	struct part waiting[8];
	size_t count = 0, begun = 0;

	_Static_assert(1 << 7 >= EXPO_BATCH && LIMIT_DELIVERY_BATCH <= (int)EXPO_BATCH,
	               "a batch is a request");
	while (begun < batch->count && delivery_begin(batch->sendings[begun].delivery))
		begun++;
	waiting[count++] = (struct part){batch, batch->sendings, begun};
	while (count > 0) {
		struct part part = waiting[--count];

		if (part.count == 0 || !send_part(&part))
			continue;
		size_t half = part.count / 2;

		assert(count + 2 <= 8);
		waiting[count++] = (struct part){batch, part.sendings + half, part.count - half};
		waiting[count++] = (struct part){batch, part.sendings, half};
	}
}
