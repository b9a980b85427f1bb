/* sandbox_page: /dev/pay, where a customer of the sandbox pays or declines. */
#include <string.h>

#include "api.gen.h"
#include "base/html.h"
#include "base/money.h"
#include "chargeback.sql.h"
#include "sandbox.sql.h"
#include "shop/payments/provider.h"
#include "web/dev_page.h"
#include "web/reply.h"

/* As that of the other pages, but for the buttons. */
static const char POLICY[] = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
                             "form-action 'self'; frame-ancestors 'none'";

static const struct sandbox_charge_read_row *read_charge(struct request *rq, struct uuid id)
{
	struct db *db = db_as(&rq->task, PG_JOBS);
	const struct sandbox_charge_read_row *charge;
	size_t count;

	if (!payment_settings()->sandbox)
		task_end(&rq->task, PROBLEM_NOT_FOUND, "There is no sandbox.");
	charge = sql_sandbox_charge_read_rows(db, sql_sandbox_charge_read(db, id), &count);
	if (count == 0)
		task_end(&rq->task, PROBLEM_NOT_FOUND, "The sandbox does not know this payment.");
	return charge;
}

static void reply_as_json(struct request *rq, struct uuid id,
                          const struct sandbox_charge_read_row *charge)
{
	struct buf out = buf_new(rq->task.arena, 256);
	struct json json = json_new(&out);

	json_open_object(&json);
	json_put_uuid(&json, "id", id);
	json_key(&json, "amount");
	json_open_object(&json);
	json_put_int(&json, "amount", charge->amount);
	json_put_str(&json, "currency", charge->currency);
	json_close_object(&json);
	json_put_str(&json, "status", charge->state);
	json_close_object(&json);
	reply_json(rq, 200, &out);
}

static void add_forms(struct buf *out, struct uuid id)
{
	static const char *const DECISIONS[][2] = {{"pay", "Pay"}, {"decline", "Decline"}};
	char text[UUID_TEXT_LENGTH + 1];

	uuid_format(id, text);
	for (size_t i = 0; i < 2; i++)
		buf_printf(out,
		           "<form method=\"post\" action=\"/dev/pay/%s/%s\"><button>%s</button>"
		           "</form>\n",
		           text, DECISIONS[i][0], DECISIONS[i][1]);
}

static const char *in_words(const char *state)
{
	static const char *const STATES[][2] = {
	    {"needs_action", "waits for you"},
	    {"authorised", "authorised"},
	    {"processing", "being processed"},
	    {"captured", "paid"},
	    {"failed", "declined"},
	    {"cancelled", "cancelled"},
	};

	for (size_t i = 0; i < sizeof(STATES) / sizeof(STATES[0]); i++)
		if (strcmp(state, STATES[i][0]) == 0)
			return STATES[i][1];
	return state;
}

/* back: where to go on, or NULL. */
static void reply_as_page(struct request *rq, struct uuid id,
                          const struct sandbox_charge_read_row *charge, const char *back)
{
	struct buf out =
	    dev_page_new(rq, "Sandbox", "A payment provider for trying: no money moves.");
	char amount[32];

	money_format_decimal(charge->amount, charge->currency, amount);
	buf_printf(&out, "<p>%s ", amount);
	html_escape(&out, charge->currency);
	buf_printf(&out, ": %s</p>\n", in_words(charge->state));
	if (strcmp(charge->state, "needs_action") == 0)
		add_forms(&out, id);
	if (back != NULL) {
		buf_add_str(&out, "<meta http-equiv=\"refresh\" content=\"1; url=");
		html_escape(&out, back);
		buf_add_str(&out, "\">\n<p><a href=\"");
		html_escape(&out, back);
		buf_add_str(&out, "\">Back to the shop</a></p>\n");
	}
	dev_page_reply(rq, &out, POLICY);
}

/* GET /dev/pay/{attempt_id} */
void get_sandbox_page(struct request *rq, const struct get_sandbox_page_in *in)
{
	const struct sandbox_charge_read_row *charge = read_charge(rq, in->attempt_id);

	if (dev_page_is_asked(rq))
		reply_as_page(rq, in->attempt_id, charge, NULL);
	else
		reply_as_json(rq, in->attempt_id, charge);
}

/* POST /dev/pay/{attempt_id}/{decision} */
void decide_sandbox_payment(struct request *rq, const struct decide_sandbox_payment_in *in)
{
	bool pays = in->decision == DECIDE_SANDBOX_PAYMENT_DECISION_PAY;
	struct db *db = db_as(&rq->task, PG_JOBS);
	const struct sandbox_return_url_row *back;
	size_t count;

	request_drop_body(rq);
	read_charge(rq, in->attempt_id);
	if (in->decision == DECIDE_SANDBOX_PAYMENT_DECISION_DISPUTE)
		sql_sandbox_chargeback_open(db, in->attempt_id, in->amount);
	else
		sql_sandbox_charge_move(db, in->attempt_id, "needs_action",
		                        pays ? "captured" : "failed");
	back = sql_sandbox_return_url_rows(db, sql_sandbox_return_url(db, in->attempt_id), &count);
	if (dev_page_is_asked(rq))
		reply_as_page(rq, in->attempt_id, read_charge(rq, in->attempt_id),
		              count > 0 ? back->return_url : NULL);
	else
		reply_as_json(rq, in->attempt_id, read_charge(rq, in->attempt_id));
}
