/* demo_chat: a conversation about an order, with a photo. */
#ifndef SEBEZ_SHOP_DEMO_DEMO_CHAT_H
#define SEBEZ_SHOP_DEMO_DEMO_CHAT_H

#include "shop/demo/demo_pictures.h"

/* The orders are there. Nobody is signed in, before and after. */
void demo_chat(struct task *task, struct demo_gallery *gallery);

#endif
