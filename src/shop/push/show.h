/*
 * show: a demo without any provider shows its push messages at /dev/push, the newest
 * LIMIT_SHOWN. Private to the area.
 */
#ifndef SEBEZ_SHOP_PUSH_SHOW_H
#define SEBEZ_SHOP_PUSH_SHOW_H

#include "shop/area.h"
#include "web/dev_page.h"

extern const struct dev_list PUSHES_SHOWN;

struct push_batch;

/* Once per process; options->push is not NULL. */
void push_show_start(const struct area_options *options);
bool push_show_is_on(void);
struct redis *push_show_redis(void); /* NULL: it is not on */
/* Concludes the attempts of a batch. Suspends the fiber. */
void push_show(struct push_batch *batch);

#endif
