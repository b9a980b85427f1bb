/* draft: what a campaign is to be, as a request says, checked. */
#ifndef SEBEZ_SHOP_CAMPAIGNS_DRAFT_H
#define SEBEZ_SHOP_CAMPAIGNS_DRAFT_H

#include "api.gen.h"
#include "campaigns.sql.h"
#include "web/request.h"

struct draft_texts {
	size_t count;
	const struct campaign_text_input_in *items;
};

/* The body of createCampaign, putCampaign and those of vendors. */
struct draft_input {
	const struct uuid *vendor_id; /* NULL: the marketplace's */
	const char *name;
	const struct campaign_segment_input_in *segment; /* NULL: everybody */
	struct draft_texts texts, texts_b;
	int32_t share_b;
	struct campaign_link_input_in link;
	int32_t per_minute;
};

struct draft {
	struct campaign_draft row;
	struct text_array languages; /* of the segment */
};

/* Ends the task, naming the field, when the input makes no sense. */
struct draft draft_of(struct request *rq, struct uuid id, const struct draft_input *input);

#endif
