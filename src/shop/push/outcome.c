/* What a verdict means for the row of the outbox and for the address. */
#include <assert.h>

#include "base/limits.h"
#include "net/loop.h"
#include "send.sql.h"
#include "shop/campaigns/campaigns.h"
#include "shop/push/sender.h"

enum {
	/* Somebody has to correct a setting: as rarely as that still brings the message in time. */
	ALARM_DELAY_MS = 5 * 60 * 1000,
};

static const char *const OUTCOMES[PUSH_OUTCOME_COUNT] = {
    [PUSH_SENT] = "sent",
    [PUSH_NOT_SENT] = "not_sent",
    [PUSH_RETRY] = "retry",
    [PUSH_PROVIDER_FAILED] = "provider_failed",
    [PUSH_ADDRESS_GONE] = "address_gone",
    [PUSH_WRONG_ENVIRONMENT] = "wrong_environment",
    [PUSH_TOKEN_REFUSED] = "token_refused",
    [PUSH_ALARM] = "alarm",
    [PUSH_FOREIGN] = "foreign",
    [PUSH_DROPPED] = "dropped",
};

static uint64_t counts[PUSH_PROVIDER_COUNT][PUSH_OUTCOME_COUNT];

bool push_count(size_t number, struct push_count *ret)
{
	size_t provider = number / PUSH_OUTCOME_COUNT, outcome = number % PUSH_OUTCOME_COUNT;

	if (provider >= PUSH_PROVIDER_COUNT)
		return false;
	*ret = (struct push_count){PUSH_PROVIDERS[provider], OUTCOMES[outcome],
	                           counts[provider][outcome]};
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

/* Nobody can make dead letters by a host of their own, nor pause the queue that it shares. */
static void end_retry(struct sending *sending, const struct push_verdict *verdict)
{
	if (!push_is_named(sending) && delivery_is_last(sending->delivery))
		delivery_skip(sending->delivery);
	else if (verdict->outcome == PUSH_PROVIDER_FAILED && push_is_named(sending))
		delivery_unreachable(sending->delivery, verdict->delay_ms, verdict->reason);
	else
		delivery_retry(sending->delivery, verdict->delay_ms, verdict->reason);
}

/* A dead letter, which may be replayed when the setting is right; but nobody can make any by an
 * address of another app. */
static void end_alarm(struct sending *sending, const struct push_verdict *verdict)
{
	bool is_of_address = verdict->outcome == PUSH_FOREIGN &&
	                     (!push_is_named(sending) || push_has_succeeded(sending->provider));

	push_log_refusal(sending->provider, push_is_named(sending), verdict);
	if (is_of_address && (!push_is_named(sending) || delivery_is_last(sending->delivery)))
		delivery_skip(sending->delivery);
	else
		delivery_retry(sending->delivery,
		               verdict->delay_ms > ALARM_DELAY_MS ? verdict->delay_ms
		                                                  : ALARM_DELAY_MS,
		               verdict->reason);
}

/* An endpoint that somebody made up may refuse whatever it gets. */
static void end_dropped(struct sending *sending, const struct push_verdict *verdict)
{
	if (sending->provider != PUSH_WEB) {
		delivery_give_up(sending->delivery, verdict->reason);
		return;
	}
	push_log_refusal(sending->provider, push_is_named(sending), verdict);
	delivery_skip(sending->delivery);
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
		push_note_success(sending);
		delivery_done(delivery);
		break;
	case PUSH_NOT_SENT:
		delivery_unsent(delivery);
		break;
	case PUSH_RETRY:
	case PUSH_PROVIDER_FAILED:
		end_retry(sending, verdict);
		break;
	case PUSH_ADDRESS_GONE:
	case PUSH_WRONG_ENVIRONMENT: /* of both, as send_each() has tried the other one */
		end_gone(batch, sending, verdict);
		break;
	case PUSH_TOKEN_REFUSED: /* twice, or there may be no other one yet */
	case PUSH_ALARM:
	case PUSH_FOREIGN:
		end_alarm(sending, verdict);
		break;
	case PUSH_DROPPED:
		end_dropped(sending, verdict);
		break;
	case PUSH_OUTCOME_COUNT:
		assert(!"an outcome");
	}
}

/* Nobody gets a message: that is the provider's failure for the breaker, whoever is at fault. */
void push_conclude_all(struct push_batch *batch, const struct push_verdict *verdict)
{
	struct push_verdict failed = *verdict;

	if (verdict->outcome == PUSH_NOT_SENT)
		return;
	if (verdict->outcome == PUSH_ALARM)
		push_log_refusal(batch->sendings[0].provider, true, verdict);
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

/* Tells campaigns which of their notices a provider took for a device. */
static void note_promotions(struct push_batch *batch)
{
	struct uuid *notices = arena_array(batch->task->arena, batch->count, sizeof(*notices));
	size_t count = 0;

	for (size_t i = 0; i < batch->count; i++)
		if (batch->sendings[i].push.lane == PUSH_PROMOTIONS &&
		    batch->sendings[i].delivery->state == DELIVERY_DELIVERED)
			notices[count++] = batch->sendings[i].delivery->subject_id;
	if (count > 0)
		campaigns_delivered(db_of(batch->task), (struct uuid_array){count, notices});
}

void push_finish(struct push_batch *batch)
{
	assert(batch->address_count <= batch->count);
	delivery_allow_time(batch->task);
	if (batch->address_count > 0)
		change_addresses(batch);
	note_promotions(batch);
}
