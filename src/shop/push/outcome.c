/* What a verdict means for the row of the outbox and for the address. */
#include <assert.h>

#include "net/log.h"
#include "send.sql.h"
#include "shop/push/sender.h"

/* Somebody has to correct a setting: as rarely as that still brings the message in time. */
enum { ALARM_DELAY_MS = 5 * 60 * 1000 };

static const char *const PROVIDERS[PUSH_PROVIDER_COUNT] = {
    [PUSH_FCM] = "fcm", [PUSH_APNS] = "apns", [PUSH_WEB] = "webpush", [PUSH_EXPO] = "expo"};

static const char *const OUTCOMES[PUSH_OUTCOME_COUNT] = {
    [PUSH_SENT] = "sent",
    [PUSH_RETRY] = "retry",
    [PUSH_PROVIDER_FAILED] = "provider_failed",
    [PUSH_ADDRESS_GONE] = "address_gone",
    [PUSH_WRONG_ENVIRONMENT] = "wrong_environment",
    [PUSH_TOKEN_REFUSED] = "token_refused",
    [PUSH_ALARM] = "alarm",
    [PUSH_DROPPED] = "dropped",
};

static uint64_t counts[PUSH_PROVIDER_COUNT][PUSH_OUTCOME_COUNT];

bool push_count(size_t number, struct push_count *ret)
{
	size_t provider = number / PUSH_OUTCOME_COUNT, outcome = number % PUSH_OUTCOME_COUNT;

	if (provider >= PUSH_PROVIDER_COUNT)
		return false;
	*ret =
	    (struct push_count){PROVIDERS[provider], OUTCOMES[outcome], counts[provider][outcome]};
	return true;
}

static void note_address(struct push_batch *batch, const struct sending *sending, bool is_gone)
{
	assert(batch->address_count < batch->count);
	batch->addresses[batch->address_count++] = (struct push_address){sending, is_gone};
}

static void end_gone(struct push_batch *batch, struct sending *sending,
                     const struct push_verdict *verdict)
{
	/* The app has registered it again since: it is good. */
	if (verdict->gone_since_ms != 0 && sending->registered_ms > verdict->gone_since_ms) {
		delivery_retry(sending->delivery, 0, verdict->reason);
		return;
	}
	note_address(batch, sending, true);
	delivery_skip(sending->delivery);
}

static void end_alarm(struct push_batch *batch, struct sending *sending,
                      const struct push_verdict *verdict)
{
	if (batch->alarm_count++ == 0)
		batch->alarm = verdict->reason;
	delivery_retry(sending->delivery,
	               verdict->delay_ms > ALARM_DELAY_MS ? verdict->delay_ms : ALARM_DELAY_MS,
	               verdict->reason);
}

void push_conclude(struct push_batch *batch, struct sending *sending,
                   const struct push_verdict *verdict)
{
	struct delivery *delivery = sending->delivery;

	assert(delivery->state == DELIVERY_BEGUN && verdict->reason != NULL);
	counts[sending->provider][verdict->outcome]++;
	switch (verdict->outcome) {
	case PUSH_SENT:
		if (sending->has_switched)
			note_address(batch, sending, false);
		delivery_done(delivery);
		break;
	case PUSH_RETRY:
		delivery_retry(delivery, verdict->delay_ms, verdict->reason);
		break;
	case PUSH_PROVIDER_FAILED:
		delivery_unreachable(delivery, verdict->delay_ms, verdict->reason);
		break;
	case PUSH_ADDRESS_GONE:
	case PUSH_WRONG_ENVIRONMENT: /* of both, as send_each() has tried the other one */
		end_gone(batch, sending, verdict);
		break;
	case PUSH_TOKEN_REFUSED: /* twice, or there may be no other one yet */
	case PUSH_ALARM:
		end_alarm(batch, sending, verdict);
		break;
	case PUSH_DROPPED:
		delivery_give_up(delivery, verdict->reason);
		break;
	case PUSH_OUTCOME_COUNT:
		assert(!"an outcome");
	}
}

/* Nobody gets a message: that is the provider's failure for the breaker, whoever is at fault. */
void push_conclude_all(struct push_batch *batch, const struct push_verdict *verdict)
{
	struct push_verdict failed = *verdict;

	if (verdict->outcome == PUSH_ALARM) {
		batch->alarm = verdict->reason;
		batch->alarm_count = 1;
	}
	failed.outcome = PUSH_PROVIDER_FAILED;
	for (size_t i = 0; i < batch->count && delivery_begin(batch->sendings[i].delivery); i++)
		push_conclude(batch, &batch->sendings[i], &failed);
}

static void change_addresses(struct push_batch *batch)
{
	struct arena *arena = batch->task->arena;
	size_t gone_count = 0, moved_count = 0;
	struct push_gone_gone *gone = arena_array(arena, batch->address_count, sizeof(*gone));
	struct push_moved_moved *moved = arena_array(arena, batch->address_count, sizeof(*moved));

	for (size_t i = 0; i < batch->address_count; i++) {
		const struct sending *sending = batch->addresses[i].sending;

		if (batch->addresses[i].is_gone)
			gone[gone_count++] =
			    (struct push_gone_gone){.account_id = sending->account_id,
			                            .device_id = sending->device_id,
			                            .address = sending->push.device.address,
			                            .registered_ms = sending->registered_ms};
		else
			moved[moved_count++] = (struct push_moved_moved){
			    .account_id = sending->account_id,
			    .device_id = sending->device_id,
			    .address = sending->push.device.address,
			    .environment = sending->is_sandbox ? "sandbox" : "production"};
	}
	if (gone_count > 0)
		sql_push_gone(db_of(batch->task), gone_count, gone);
	if (moved_count > 0)
		sql_push_moved(db_of(batch->task), moved_count, moved);
}

void push_finish(struct push_batch *batch)
{
	assert(batch->address_count <= batch->count);
	if (batch->alarm_count > 0)
		LOG_ERROR("push messages are refused because of a setting",
		          log_str("provider", PROVIDERS[batch->sendings[0].provider]),
		          log_str("reason", batch->alarm),
		          log_int("messages", (int64_t)batch->alarm_count));
	if (batch->address_count > 0)
		change_addresses(batch);
}
