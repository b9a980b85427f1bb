/* stripe_chargeback: disputes of Stripe, as it calls them. https://docs.stripe.com/api/disputes */
#include <ctype.h>
#include <string.h>

#include "base/form.h"
#include "shop/payments/stripe.h"

static const char *state_of(const char *status)
{
	static const struct {
		const char *status, *state;
	} ALL[] = {
	    {"warning_needs_response", "inquiry"},
	    {"warning_under_review", "inquiry"},
	    {"warning_closed", "won"},
	    {"prevented", "won"},
	    {"needs_response", "needs_response"},
	    {"under_review", "under_review"},
	    {"won", "won"},
	    {"lost", "lost"},
	};

	for (size_t i = 0; i < sizeof(ALL) / sizeof(ALL[0]); i++)
		if (strcmp(ALL[i].status, status) == 0)
			return ALL[i].state;
	return NULL;
}

static const char *upper_case(struct arena *arena, const char *text)
{
	char *upper = arena_strdup(arena, text);

	for (char *c = upper; *c != 0; c++)
		*c = (char)toupper((unsigned char)*c);
	return upper;
}

/* What it took for it so far, less what it gave back. */
static int64_t fee_of(const json_t *dispute)
{
	const json_t *moved = json_object_get(dispute, "balance_transactions");
	int64_t fee = 0;

	for (size_t i = 0; i < json_array_size(moved); i++)
		fee += json_integer_value(json_object_get(json_array_get(moved, i), "fee"));
	return fee;
}

static struct chargeback_answer read_dispute(struct arena *arena, const struct payment_reply *reply)
{
	const json_t *dispute = reply->json;
	struct chargeback_answer answer = {.word = PAYMENT_CAPTURED};
	int64_t factor;

	if (reply->problem != PAYMENT_WORD_COUNT)
		return (struct chargeback_answer){.word = reply->problem};
	if (reply->status == 404)
		return (struct chargeback_answer){.word = PAYMENT_ABSENT};
	answer.state = state_of(reply_text_at(reply, "status"));
	if (reply->status >= 400 || answer.state == NULL)
		return (struct chargeback_answer){.word = PAYMENT_MISTAKE};
	answer.currency = upper_case(arena, reply_text_at(reply, "currency"));
	factor = stripe_factor(answer.currency);
	answer.amount = json_integer_value(json_object_get(dispute, "amount")) / factor;
	answer.fee = fee_of(dispute) / factor;
	answer.payment = reply_text_at(reply, "payment_intent");
	answer.reason = reply_text_at(reply, "reason");
	if (strcmp(answer.state, "inquiry") == 0 || strcmp(answer.state, "needs_response") == 0)
		answer.respond_by_us =
		    1000000 * json_integer_value(json_object_get(
		                  json_object_get(dispute, "evidence_details"), "due_by"));
	return answer;
}

static void put(struct buf *form, const char *name, const char *text)
{
	if (text != NULL && text[0] != 0)
		form_put(form, name, text);
}

struct chargeback_answer stripe_chargeback(struct task *task,
                                           const struct payment_settings *settings,
                                           const char *reference,
                                           const struct chargeback_evidence *evidence)
{
	struct arena *arena = task->arena;
	const char *path = arena_printf(arena, "/v1/disputes/%s", reference);
	struct buf form = buf_new(arena, 1024);
	struct payment_reply reply;

	if (evidence != NULL) {
		put(&form, "evidence[customer_name]", evidence->customer);
		put(&form, "evidence[product_description]", evidence->goods);
		put(&form, "evidence[shipping_address]", evidence->address);
		put(&form, "evidence[shipping_carrier]", evidence->carrier);
		put(&form, "evidence[shipping_date]", evidence->shipped_on);
		put(&form, "evidence[shipping_tracking_number]", evidence->tracking_number);
		put(&form, "evidence[uncategorized_text]", evidence->text);
		form_put(&form, "submit", "true");
		reply = stripe_call(task, settings, path, &form,
		                    arena_printf(arena, "evidence-%s", reference));
	} else {
		reply = stripe_call(task, settings, path, NULL, NULL);
	}
	return read_dispute(arena, &reply);
}
