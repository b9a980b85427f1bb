/*
 * vendors: who sells: their public pages, their staff, their delivery, their approval by admins.
 */
#ifndef SEBEZ_SHOP_VENDORS_VENDORS_H
#define SEBEZ_SHOP_VENDORS_VENDORS_H

#include "shop/area.h"

extern const struct area AREA_VENDORS;

#endif
