#include "shop/shop.h"

#include "shop/accounts/accounts.h"
#include "shop/catalog/catalog.h"
#include "shop/demo/demo.h"

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
