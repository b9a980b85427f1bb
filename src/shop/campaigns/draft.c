#include "shop/campaigns/draft.h"

#include <assert.h>
#include <string.h>

#include "base/json.h"
#include "shop/texts/texts.h"

static bool is_written_in(const char *language)
{
	for (const char *const *name = text_language_names(); *name != NULL; name++)
		if (strcmp(*name, language) == 0)
			return true;
	return false;
}

static const struct campaign_text_input_in *find_text(struct draft_texts texts,
                                                      const char *language)
{
	for (size_t i = 0; i < texts.count; i++)
		if (strcmp(texts.items[i].language, language) == 0)
			return &texts.items[i];
	return NULL;
}

static void check_texts(struct request *rq, const char *field, struct draft_texts texts)
{
	for (size_t i = 0; i < texts.count; i++) {
		const char *language = texts.items[i].language;
		const char *name = arena_printf(rq->task.arena, "/%s/%zu/language", field, i);

		if (!is_written_in(language))
			task_end_field(&rq->task, name, "unknown",
			               "must be a language that the marketplace writes in");
		if (find_text(texts, language) != &texts.items[i])
			task_end_field(&rq->task, name, "unique", "must be there once");
	}
}

/* Both have the same languages, so that each recipient reads either in the same one. */
static void check_other_texts(struct request *rq, struct draft_texts texts,
                              struct draft_texts other)
{
	check_texts(rq, "texts_b", other);
	for (size_t i = 0; i < texts.count; i++)
		if (find_text(other, texts.items[i].language) == NULL)
			task_end_field(&rq->task, "/texts_b", "languages",
			               "must have a text in %s, like texts",
			               texts.items[i].language);
	if (other.count != texts.count)
		task_end_field(&rq->task, "/texts_b", "languages",
		               "must have the languages of texts and no others");
}

static const char *texts_json(struct request *rq, struct draft_texts texts)
{
	struct buf text = buf_new(rq->task.arena, 1024);
	struct json json = json_new(&text);

	json_open_array(&json);
	for (size_t i = 0; i < texts.count; i++) {
		json_open_object(&json);
		json_put_str(&json, "language", texts.items[i].language);
		json_put_str(&json, "title", texts.items[i].title);
		json_put_str(&json, "body", texts.items[i].body);
		json_close_object(&json);
	}
	json_close_array(&json);
	return arena_strndup(rq->task.arena, text.data, text.length);
}

static void check_own(struct request *rq, const struct uuid *vendor, const struct uuid *given,
                      const char *field)
{
	if (vendor != NULL && given != NULL && !uuid_equal(*vendor, *given))
		task_end_field(&rq->task, field, "unknown", "must be the vendor itself");
}

static struct draft segment_of(struct request *rq, const struct draft_input *input)
{
	static const struct campaign_segment_input_in EVERYBODY;
	const struct campaign_segment_input_in *segment =
	    input->segment != NULL ? input->segment : &EVERYBODY;
	const struct uuid *follows = segment->follows_vendor_id, *vendor = input->vendor_id;

	check_own(rq, vendor, follows, "/segment/follows_vendor_id");
	check_own(rq, vendor, segment->bought_from_vendor_id, "/segment/bought_from_vendor_id");
	if (segment->bought_within_days != NULL && segment->bought_from_vendor_id == NULL &&
	    segment->bought_in_category_id == NULL && vendor == NULL)
		task_end_field(&rq->task, "/segment/bought_within_days", "needs",
		               "needs a vendor or a category in which they bought");
	return (struct draft){
	    .row =
	        {
	            .follows = vendor != NULL ? vendor : follows,
	            /* What a vendor asks about is what was bought from it. */
	            .bought_from = vendor != NULL && segment->bought_within_days != NULL
	                               ? vendor
	                               : segment->bought_from_vendor_id,
	            .category = segment->bought_in_category_id,
	            .bought_within = segment->bought_within_days,
	            .last_within = segment->last_order_within_days,
	            .last_before = segment->last_order_before_days,
	        },
	    .languages = {segment->languages_count, segment->languages},
	};
}

struct draft draft_of(struct request *rq, struct uuid id, const struct draft_input *input)
{
	struct draft draft = segment_of(rq, input);

	assert(input->texts.count > 0); /* as the contract says */
	check_texts(rq, "texts", input->texts);
	if (input->texts_b.count > 0)
		check_other_texts(rq, input->texts, input->texts_b);
	draft.row.id = id;
	draft.row.vendor = input->vendor_id;
	draft.row.name = input->name;
	draft.row.language = input->texts.items[0].language;
	draft.row.texts = texts_json(rq, input->texts);
	draft.row.texts_b = input->texts_b.count > 0 ? texts_json(rq, input->texts_b) : NULL;
	draft.row.share_b = input->share_b;
	draft.row.link_to = CAMPAIGN_LINK_TO_NAMES[input->link.to];
	draft.row.link_id = input->link.target_id;
	draft.row.per_minute = input->per_minute;
	return draft;
}
