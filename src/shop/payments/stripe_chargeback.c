/* stripe_chargeback: disputes of Stripe, as it calls them. https://docs.stripe.com/api/disputes */
#include <ctype.h>
#include <sodium.h>
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

/* Of the form and its occasion: Stripe keeps the answer to a key, also a refusal, and takes no
 * other form with it. */
static const char *key_of(struct arena *arena, const char *reference, const char *occasion,
                          const struct buf *form)
{
	uint8_t hash[crypto_generichash_BYTES_MIN];
	char hex[2 * sizeof(hash) + 1];
	const char *all = arena_printf(arena, "%s %.*s", occasion, (int)form->length, form->data);

	crypto_generichash(hash, sizeof(hash), (const uint8_t *)all, strlen(all), NULL, 0);
	sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
	return arena_printf(arena, "evidence-%s-%s", reference, hex);
}

static struct payment_reply send_evidence(struct task *task,
                                          const struct payment_settings *settings, const char *path,
                                          const char *reference,
                                          const struct chargeback_evidence *evidence)
{
	struct buf form = buf_new(task->arena, 1024);

	put(&form, "evidence[customer_name]", evidence->customer);
	put(&form, "evidence[product_description]", evidence->goods);
	put(&form, "evidence[shipping_address]", evidence->address);
	put(&form, "evidence[shipping_carrier]", evidence->carrier);
	put(&form, "evidence[shipping_date]", evidence->shipped_on);
	put(&form, "evidence[shipping_tracking_number]", evidence->tracking_number);
	put(&form, "evidence[uncategorized_text]", evidence->text);
	form_put(&form, "submit", "true");
	return stripe_call(task, settings, path, &form,
	                   key_of(task->arena, reference, evidence->occasion, &form));
}

/* 401 says nothing of it: the key is wrong. A key may lack the right to write, with 403. */
static bool is_refusal(const struct payment_reply *reply)
{
	return (reply->problem == PAYMENT_WORD_COUNT && reply->status >= 400 &&
	        reply->status != 404) ||
	       (reply->problem == PAYMENT_MISTAKE && reply->status == 403);
}

/* What it does not take, it may have got in another way, or too late: then the dispute is read. */
struct chargeback_answer stripe_chargeback(struct task *task,
                                           const struct payment_settings *settings,
                                           const char *reference,
                                           const struct chargeback_evidence *evidence)
{
	struct arena *arena = task->arena;
	const char *path = arena_printf(arena, "/v1/disputes/%s", reference);
	struct chargeback_answer answer;
	struct payment_reply reply;
	bool is_refused = false;

	if (evidence != NULL) {
		reply = send_evidence(task, settings, path, reference, evidence);
		is_refused = is_refusal(&reply);
	}
	if (evidence == NULL || is_refused)
		reply = stripe_call(task, settings, path, NULL, NULL);
	answer = read_dispute(arena, &reply);
	answer.is_refused = is_refused;
	return answer;
}
