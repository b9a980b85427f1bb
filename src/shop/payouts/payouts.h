/*
 * payouts: where vendors get their money, and the money that is sent there (docs/MONEY.md). Nothing
 * of it is called by other areas.
 */
#ifndef SEBEZ_SHOP_PAYOUTS_PAYOUTS_H
#define SEBEZ_SHOP_PAYOUTS_PAYOUTS_H

#include "shop/area.h"

extern const struct area AREA_PAYOUTS;

#endif
