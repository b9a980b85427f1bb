/* Expo: requests of many messages. What it refuses as a whole is sent again in halves, until the
 * message that is at fault is alone; after a while each is read again before. */
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
	int64_t read_ms; /* of the loop */
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
	delivery_allow_time(part->batch->task);
	if (count > 0)
		sql_push_receipts_keep(db_of(part->batch->task), count, kept);
}

/* Whether its parts may do better: a request of devices of several projects, or of one that is not
 * ours, is refused, too. */
static bool may_be_split(const struct part *part, const struct push_verdict *verdict,
                         const struct http_client_response *response)
{
	return part->count > 1 && (response->status == 400 || push_has_succeeded(PUSH_EXPO)) &&
	       (verdict->outcome == PUSH_DROPPED || verdict->outcome == PUSH_FOREIGN);
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

/* Rows of halves have begun with the whole. What may not begin is leased again later. */
static void begin(struct part *part)
{
	size_t begun = 0;

	while (begun < part->count && (part->sendings[begun].delivery->state == DELIVERY_BEGUN ||
	                               delivery_begin(part->sendings[begun].delivery)))
		begun++;
	part->count = begun;
}

/* True: it is to be sent in halves. */
static bool send_part(struct part *part)
{
	static const struct push_verdict LATE = {.outcome = PUSH_NOT_SENT,
	                                         .reason = "no time left"};
	struct http_client_response response;
	struct push_request built;

	begin(part);
	if (part->count > 0 && !push_is_fresh(part->read_ms)) {
		part->read_ms = loop_now_ms();
		part->count = push_read_again(part->batch, part->sendings, part->count);
	}
	int64_t deadline_ms = loop_now_ms() + LIMIT_DELIVERY_ATTEMPT_MS;

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
	size_t count = 0;

	_Static_assert(1 << 7 >= EXPO_BATCH && LIMIT_DELIVERY_BATCH <= (int)EXPO_BATCH,
	               "a batch is a request");
	waiting[count++] = (struct part){batch, batch->sendings, batch->count, batch->read_ms};
	while (count > 0) {
		struct part part = waiting[--count];

		if (part.count == 0 || !send_part(&part))
			continue;
		size_t half = part.count / 2;

		assert(count + 2 <= 8);
		waiting[count++] =
		    (struct part){batch, part.sendings + half, part.count - half, part.read_ms};
		waiting[count++] = (struct part){batch, part.sendings, half, part.read_ms};
	}
}
