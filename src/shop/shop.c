#include "shop/shop.h"

#include "shop/accounts/accounts.h"
#include "shop/catalog/catalog.h"
#include "shop/chat/chat.h"
#include "shop/demo/demo.h"
#include "shop/feed/feed.h"
#include "shop/orders/orders.h"
#include "shop/outbox/outbox.h"

/* In the order in which they start. */
const struct area *const AREAS[] = {
    &AREA_ACCOUNTS, &AREA_CHAT, &AREA_FEED, &AREA_ORDERS, &AREA_OUTBOX, NULL,
};

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

void shop_demo_load(struct task *task)
{
	demo_load(task);
}

const char *shop_demo_accounts(void)
{
	return demo_accounts();
}

void shop_import(struct task *task, const char *vendor_slug, const char *path, bool dry_run)
{
	catalog_import_file(task, vendor_slug, path, dry_run);
}

void shop_admin_create(struct task *task, const char *email, const char *role, const char *password)
{
	accounts_create_admin(task, email, NULL, role, password);
}
