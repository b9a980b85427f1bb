#include "shop/shop.h"

#include "shop/accounts/accounts.h"

void shop_admin_create(struct task *task, const char *email, const char *password)
{
	accounts_create_admin(task, email, NULL, password);
}
