/*
 * webhooks: calls of other servers when something happens, as vendors and the platform's admins ask
 * for. docs/WEBHOOKS.md says what receivers may rely on.
 */
#ifndef SEBEZ_SHOP_WEBHOOKS_WEBHOOKS_H
#define SEBEZ_SHOP_WEBHOOKS_WEBHOOKS_H

#include "shop/area.h"

extern const struct area AREA_WEBHOOKS;

#endif
