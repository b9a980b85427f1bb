/* invoice_paper: the PDF of an invoice or a credit note, written from what it says as JSON. */
#include <assert.h>
#include <jansson.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "shop/papers/make.h"
#include "shop/papers/papers.h"
#include "task/rows.h"
#include "web/reply.h"

struct writing {
	struct paper *paper;
	struct arena *arena;
	const json_t *invoice;
};

static const char *text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static int64_t amount(const struct writing *writing, const char *key)
{
	return json_integer_value(
	    json_object_get(json_object_get(writing->invoice, key), "amount"));
}

static const char *money(const struct writing *writing, const json_t *of)
{
	return paper_money(writing->arena, json_integer_value(json_object_get(of, "amount")),
	                   text(of, "currency"));
}

static const char *day(const struct writing *writing, const char *key)
{
	return arena_printf(writing->arena, "%.10s", text(writing->invoice, key));
}

static void add_fact(const struct writing *writing, const char *word, const char *value)
{
	if (value != NULL)
		paper_add(writing->paper, "K", paper_word(writing->paper, word), value, NULL);
}

static void add_party_line(const struct writing *writing, const char *word, const char *value)
{
	if (value == NULL || value[0] == '\0')
		return;
	if (word != NULL)
		value =
		    arena_printf(writing->arena, "%s %s", paper_word(writing->paper, word), value);
	paper_add(writing->paper, "A", value, NULL);
}

static void add_party(const struct writing *writing, const char *word, const json_t *party)
{
	static const char *const LINES[] = {"line1", "line2"};
	const json_t *address = json_object_get(party, "address");
	const char *postal_code = text(address, "postal_code");

	paper_add(writing->paper, "P", paper_word(writing->paper, word), NULL);
	if (json_is_null(party)) {
		paper_add(writing->paper, "A", "—", NULL);
		return;
	}
	add_party_line(writing, NULL, text(party, "name"));
	if (json_is_object(address)) {
		for (size_t i = 0; i < sizeof(LINES) / sizeof(LINES[0]); i++)
			add_party_line(writing, NULL, text(address, LINES[i]));
		add_party_line(writing, NULL,
		               arena_printf(writing->arena, "%s%s%s",
		                            postal_code != NULL ? postal_code : "",
		                            postal_code != NULL ? " " : "", text(address, "city")));
		add_party_line(writing, NULL, text(address, "region"));
		add_party_line(writing, NULL, text(address, "country"));
	}
	add_party_line(writing, "tax_number", text(party, "tax_number"));
	add_party_line(writing, "vat_number", text(party, "vat_number"));
	add_party_line(writing, "registration_number", text(party, "registration_number"));
}

static void add_lines(const struct writing *writing, bool commission)
{
	static const char *const HEADS[][3] = {{"5", "start", "item"},
	                                       {"1", "end", "quantity"},
	                                       {"2", "end", "price"},
	                                       {"2", "end", "amount"}};
	struct paper *paper = writing->paper;
	const json_t *line;
	size_t i;

	if (json_array_size(json_object_get(writing->invoice, "lines")) == 0)
		return;
	for (i = 0; i < sizeof(HEADS) / sizeof(HEADS[0]); i++)
		paper_add(paper, "C", HEADS[i][0], HEADS[i][1], paper_word(paper, HEADS[i][2]),
		          NULL);
	json_array_foreach(json_object_get(writing->invoice, "lines"), i, line)
	{
		const char *title = text(line, "title"), *variant = text(line, "variant_title");

		if (commission)
			title =
			    arena_printf(writing->arena, "%s %s", paper_word(paper, "commission"),
			                 text(writing->invoice, "period"));
		else if (variant != NULL && variant[0] != '\0')
			title = arena_printf(writing->arena, "%s, %s", title, variant);
		paper_add(
		    paper, "R", title,
		    arena_printf(writing->arena, "%lld",
		                 (long long)json_integer_value(json_object_get(line, "quantity"))),
		    money(writing, json_object_get(line, "price")),
		    money(writing, json_object_get(line, "total")), NULL);
	}
}

static void add_sums(const struct writing *writing)
{
	static const struct {
		const char *key, *word;
		bool negative;
	} SUMS[] = {{"shipping", "shipping", false},
	            {"discount", "discount", true},
	            {"goodwill", "goodwill", false},
	            {"tax", "tax", false}};
	struct paper *paper = writing->paper;
	const json_t *total = json_object_get(writing->invoice, "total");
	const char *currency = text(total, "currency");

	paper_add(paper, "S", paper_word(paper, "sum"),
	          paper_money(writing->arena, amount(writing, "goods"), currency), "plain", NULL);
	for (size_t i = 0; i < sizeof(SUMS) / sizeof(SUMS[0]); i++) {
		int64_t value = amount(writing, SUMS[i].key);

		if (value != 0)
			paper_add(paper, "S", paper_word(paper, SUMS[i].word),
			          paper_money(writing->arena, SUMS[i].negative ? -value : value,
			                      currency),
			          "plain", NULL);
	}
	paper_add(paper, "S", paper_word(paper, "total"), money(writing, total), "bold", NULL);
	if (amount(writing, "service_fee") != 0)
		paper_add(paper, "N",
		          arena_printf(writing->arena, "%s %s", paper_word(paper, "service_fee"),
		                       paper_money(writing->arena, amount(writing, "service_fee"),
		                                   currency)),
		          NULL);
}

static const char *title_of(const char *kind)
{
	bool credit = strstr(kind, "credit_note") != NULL;

	return credit ? "credit_note" : "invoice";
}

static void drop(void *arg)
{
	json_decref(arg);
}

void invoice_reply_pdf(struct request *rq, const struct rows *rows)
{
	struct buf body = buf_new(rq->task.arena, 4096);
	struct json json = json_new(&body);
	int64_t issued_us;

	rows_json_object(rows, 0, &json);
	json_t *invoice = json_loadb(body.data, body.length, 0, NULL);

	assert(invoice != NULL); /* our own JSON */
	arena_defer(rq->task.arena, drop, invoice);
	struct writing writing = {.arena = rq->task.arena, .invoice = invoice};
	const char *kind = text(invoice, "kind");
	bool commission = strncmp(kind, "commission", strlen("commission")) == 0;
	bool known = time_parse(text(invoice, "issued_at"), &issued_us);

	assert(known);
	writing.paper = paper_new(rq, title_of(kind), text(invoice, "number"), issued_us);
	add_fact(&writing, "number", text(invoice, "number"));
	add_fact(&writing, "date", day(&writing, "issued_at"));
	add_fact(&writing, "supplied", commission ? NULL : day(&writing, "supplied_at"));
	add_fact(&writing, "period", text(invoice, "period"));
	add_fact(&writing, "order", text(invoice, "sub_order_number"));
	add_fact(&writing, "corrects", text(invoice, "corrects_number"));
	add_party(&writing, "seller", json_object_get(invoice, "seller"));
	add_party(&writing, "buyer", json_object_get(invoice, "buyer"));
	add_lines(&writing, commission);
	add_sums(&writing);
	paper_reply(rq, writing.paper);
}
