/*
 * demo_orders: orders of the demo's customers, in every state. Private to demo/.
 */
#ifndef SEBEZ_SHOP_DEMO_DEMO_ORDERS_H
#define SEBEZ_SHOP_DEMO_DEMO_ORDERS_H

#include "task/task.h"

void demo_orders(struct task *task);

/* The task acts as that person from here on; sign-out makes it act as nobody again. */
void demo_sign_in(struct task *task, const char *email, enum actor_kind kind, uint32_t roles);
void demo_sign_out(struct task *task);
const char *demo_owner(const char *vendor_slug);

#endif
