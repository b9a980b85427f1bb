/* profiles: who a vendor, or the marketplace, is for the law. */
#include <assert.h>
#include <string.h>

#include "api.gen.h"
#include "base/clock.h"
#include "papers.sql.h"
#include "web/reply.h"

static struct rows *profile(struct db *db, const struct uuid *vendor)
{
	struct rows *rows = vendor != NULL ? sql_tax_profile_of_vendor(db, *vendor)
	                                   : sql_tax_profile_of_marketplace(db);

	assert(rows_count(rows) == 1);
	return rows;
}

/* GET …/tax-profile */
void get_tax_profile(struct request *rq, const struct get_tax_profile_in *in)
{
	reply_row(rq, profile(db_of(&rq->task), in->vendor_id));
}

static void check_birth(struct task *task, const struct put_tax_profile_in *in)
{
	char moment[TIME_TEXT_LENGTH + 1] = "";
	int64_t us;

	if (in->birth_date == NULL)
		return;
	if (in->kind != SELLER_KIND_PERSON)
		task_end_field(task, "/birth_date", "conflict", "only a person has one");
	if (strlen(in->birth_date) == 10) {
		memcpy(moment, in->birth_date, 10);
		strcpy(moment + 10, "T00:00:00Z");
	}
	if (!time_parse(moment, &us) || us > clock_now_us() || strcmp(moment, "1900") < 0)
		task_end_field(task, "/birth_date", "format",
		               "must be a day such as 1980-02-29, from 1900 on");
}

static void check_prefix(struct task *task, const char *prefix)
{
	if (prefix == NULL)
		return;
	for (const char *at = prefix; *at != '\0'; at++)
		if (!(*at >= 'A' && *at <= 'Z') && !(*at >= '0' && *at <= '9') && *at != '-')
			task_end_field(task, "/invoice_prefix", "format",
			               "must be of A to Z, digits and dashes");
}

/* PUT /v1/vendors/{vendor_id}/tax-profile, /v1/admin/tax-profile. The first statement finds out
 * whether the caller is of that vendor, before anything is said of the body. */
void put_tax_profile(struct request *rq, const struct put_tax_profile_in *in)
{
	profile(db_of(&rq->task), in->vendor_id);
	check_birth(&rq->task, in);
	check_prefix(&rq->task, in->invoice_prefix);
	struct db *tx = db_begin(&rq->task);

	sql_tax_profile_put(tx, &(struct tax_profile_put_args){
	                            .vendor = in->vendor_id,
	                            .kind = SELLER_KIND_NAMES[in->kind],
	                            .legal_name = in->legal_name,
	                            .line1 = in->address.line1,
	                            .line2 = in->address.line2,
	                            .city = in->address.city,
	                            .region = in->address.region,
	                            .postal_code = in->address.postal_code,
	                            .country = in->address.country,
	                            .tax_number = in->tax_number,
	                            .tax_country = in->tax_country,
	                            .vat_number = in->vat_number,
	                            .registration_number = in->registration_number,
	                            .birth_date = in->birth_date,
	                            .invoice_prefix = in->invoice_prefix,
	                        });
	reply_commit_row(rq, tx, 200, profile(tx, in->vendor_id));
}
