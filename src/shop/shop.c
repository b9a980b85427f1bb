#include "shop/shop.h"

#include <assert.h>
#include <string.h>

#include "shop/accounts/accounts.h"
#include "shop/campaigns/campaigns.h"
#include "shop/carts/carts.h"
#include "shop/catalog/catalog.h"
#include "shop/chat/chat.h"
#include "shop/commissions/commissions.h"
#include "shop/consents/consents.h"
#include "shop/demo/demo.h"
#include "shop/exports/exports.h"
#include "shop/feed/feed.h"
#include "shop/image.h"
#include "shop/ledger/ledger.h"
#include "shop/mail/mail.h"
#include "shop/media/media.h"
#include "shop/notices/notices.h"
#include "shop/orders/orders.h"
#include "shop/outbox/outbox.h"
#include "shop/papers/papers.h"
#include "shop/payments/payments.h"
#include "shop/payouts/payouts.h"
#include "shop/platform/platform.h"
#include "shop/push/push.h"
#include "shop/reports/reports.h"
#include "shop/returns/returns.h"
#include "shop/sms/sms.h"
#include "shop/support/support.h"
#include "shop/texts/texts.h"
#include "shop/vendors/vendors.h"
#include "shop/webhooks/webhooks.h"
#include "task/db_error.h"
#include "task/rows.h"
#include "web/limit.h"

/* In order of start. */
const struct area *const AREAS[] = {
    &AREA_TEXTS,       &AREA_ACCOUNTS, &AREA_CAMPAIGNS,
    &AREA_CARTS,       &AREA_CATALOG,  &AREA_CHAT,
    &AREA_COMMISSIONS, &AREA_CONSENTS, &AREA_EXPORTS,
    &AREA_FEED,        &AREA_LEDGER,   &AREA_MAIL,
    &AREA_MEDIA,       &AREA_NOTICES,  &AREA_ORDERS,
    &AREA_OUTBOX,      &AREA_PAPERS,   &AREA_PAYMENTS,
    &AREA_PAYOUTS,     &AREA_PUSH,     &AREA_REPORTS,
    &AREA_RETURNS,     &AREA_SMS,      &AREA_SUPPORT,
    &AREA_VENDORS,     &AREA_WEBHOOKS, NULL,
};

static unsigned jobs_named(const char *name)
{
	unsigned count = 0;
	const struct job *job;

	for (size_t i = 0; (job = shop_job(i)) != NULL; i++)
		count += strcmp(job->name, name) == 0;
	return count;
}

static unsigned topics_named(const char *name)
{
	unsigned count = 0;

	for (size_t i = 0; AREAS[i] != NULL; i++)
		for (const struct outbox_topic *at = AREAS[i]->topics;
		     at != NULL && at->name != NULL; at++)
			count += strcmp(at->name, name) == 0;
	return count;
}

static void assert_names(const struct area *area)
{
	for (const struct job *job = area->jobs; job != NULL && job->name != NULL; job++)
		assert(jobs_named(job->name) == 1);
	for (const struct outbox_topic *topic = area->topics; topic != NULL && topic->name != NULL;
	     topic++)
		assert(topics_named(topic->name) == 1);
}

void shop_register(void)
{
	rows_register_json(image_write_json);
	for (size_t i = 0; AREAS[i] != NULL; i++) {
		assert_names(AREAS[i]);
		db_error_register(AREAS[i]->refusals, AREAS[i]->constraints);
		limit_register(AREAS[i]->limits);
	}
}

int shop_start(const struct area_options *options)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && AREAS[i] != NULL; i++)
		if (AREAS[i]->start != NULL)
			rc = AREAS[i]->start(options);
	return rc;
}

void shop_drain(void)
{
	for (size_t i = 0; AREAS[i] != NULL; i++)
		if (AREAS[i]->drain != NULL)
			AREAS[i]->drain();
}

bool shop_is_busy(void)
{
	for (size_t i = 0; AREAS[i] != NULL; i++)
		if (AREAS[i]->is_busy != NULL && AREAS[i]->is_busy())
			return true;
	return false;
}

void shop_stop(void)
{
	for (size_t i = 0; AREAS[i] != NULL; i++)
		if (AREAS[i]->stop != NULL)
			AREAS[i]->stop();
}

const struct job *shop_job(size_t number)
{
	for (size_t i = 0; AREAS[i] != NULL; i++)
		for (const struct job *job = AREAS[i]->jobs; job != NULL && job->name != NULL;
		     job++)
			if (number-- == 0)
				return job;
	return NULL;
}

const struct outbox_topic *shop_topic(size_t number)
{
	for (size_t i = 0; AREAS[i] != NULL; i++)
		for (const struct outbox_topic *topic = AREAS[i]->topics;
		     topic != NULL && topic->name != NULL; topic++)
			if (number-- == 0)
				return topic;
	return NULL;
}

void shop_demo_load(struct task *task, struct objects *objects)
{
	demo_load(task, objects);
}

const char *shop_demo_accounts(void)
{
	return demo_accounts();
}

void shop_import(struct task *task, const char *vendor_slug, const char *path, bool dry_run)
{
	catalog_import_file(task, vendor_slug, path, dry_run);
}

void shop_media_verify(struct task *task, struct objects *objects, bool deletes)
{
	media_verify(task, objects, deletes);
}

void shop_admin_create(struct task *task, const char *email, const char *role, const char *password)
{
	accounts_create_admin(task, email, NULL, role, password);
}

void shop_reset_factors(struct task *task, const char *who)
{
	accounts_reset_factors(task, who);
}

bool shop_clear_admin_networks(struct task *task)
{
	return platform_clear_admin_networks(task);
}
