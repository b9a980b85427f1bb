/*
 * returns: customers send goods back, and dispute what went wrong (docs/RETURNS.md). Nothing of it
 * is called from other areas.
 */
#ifndef SEBEZ_SHOP_RETURNS_RETURNS_H
#define SEBEZ_SHOP_RETURNS_RETURNS_H

#include "shop/area.h"

extern const struct area AREA_RETURNS;

#endif
