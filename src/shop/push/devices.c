/*
 * devices: where push messages reach an account. The rules that cross accounts are those of
 * device_register() (functions.sql).
 */
#include <assert.h>
#include <string.h>

#include "api.gen.h"
#include "base/limits.h"
#include "push.sql.h"
#include "shop/push/device_address.h"
#include "web/language.h"
#include "web/reply.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

static void check_words(struct request *rq, const struct put_device_in *in)
{
	if (in->locale != NULL && !language_is_tag(in->locale))
		task_end_field(&rq->task, "/locale", "format",
		               "must be a language tag of BCP 47, such as en or pt-BR");
	for (size_t i = 0; i < in->capabilities_count; i++) {
		const char *word = in->capabilities[i];

		if (word[strspn(word, LETTERS DIGITS "_")] == 0)
			continue;
		task_end_field(&rq->task, arena_printf(rq->task.arena, "/capabilities/%zu", i),
		               "format", "must consist of letters, digits and underscores");
	}
}

/* PUT /v1/devices/{device_id} */
void put_device(struct request *rq, const struct put_device_in *in)
{
	struct device_address address = device_address_of(rq, in);
	struct bytes point = {address.keys.point, sizeof(address.keys.point)};
	struct bytes auth = {address.keys.auth, sizeof(address.keys.auth)};
	struct uuid session = rq->task.actor.session_id;
	struct db *batch;

	if (uuid_is_nil(in->device_id))
		task_end_field(&rq->task, "{device_id}", "format", "must not be the nil UUID");
	check_words(rq, in);
	assert(!uuid_is_nil(session));
	batch = db_batch(&rq->task);
	sql_device_register(batch, &(struct device_register_args){
	                               .device = in->device_id,
	                               .session = session,
	                               .platform = DEVICE_PLATFORM_NAMES[in->platform],
	                               .provider = PUSH_PROVIDER_NAMES[in->provider],
	                               .address_kind = PUSH_ADDRESS_KIND_NAMES[in->address_kind],
	                               .address = address.text,
	                               .environment = PUSH_ENVIRONMENT_NAMES[in->environment],
	                               .p256dh = address.has_keys ? &point : NULL,
	                               .auth = address.has_keys ? &auth : NULL,
	                               .start_token = address.start_token,
	                               .app_version = in->app_version,
	                               .locale = in->locale,
	                               .time_zone = in->time_zone,
	                               .shows_itself = in->shows_itself,
	                               .capabilities = {in->capabilities_count, in->capabilities},
	                               .devices_max = LIMIT_DEVICES,
	                           });
	reply_commit_row(rq, batch, 200, sql_device_list(batch, session, &in->device_id));
}

/* GET /v1/devices */
void list_devices(struct request *rq, const struct list_devices_in *in)
{
	(void)in;
	reply_list(rq, sql_device_list(db_of(&rq->task), rq->task.actor.session_id, NULL));
}

/* DELETE /v1/devices/{device_id} */
void delete_device(struct request *rq, const struct delete_device_in *in)
{
	sql_device_remove(db_of(&rq->task), in->device_id);
	reply_empty(rq);
}

/* PUT /v1/devices/{device_id}/activities/{sub_order_id} */
void put_live_activity(struct request *rq, const struct put_live_activity_in *in)
{
	const char *token = apns_token_of(rq, "/token", in->token);

	sql_activity_put(db_of(&rq->task), in->device_id, in->sub_order_id, token);
	reply_empty(rq);
}

/* DELETE /v1/devices/{device_id}/activities/{sub_order_id} */
void delete_live_activity(struct request *rq, const struct delete_live_activity_in *in)
{
	sql_activity_end(db_of(&rq->task), in->device_id, in->sub_order_id);
	reply_empty(rq);
}
