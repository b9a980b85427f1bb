/*
 * vendors: the sellers: public pages, staff, delivery, approval by admins.
 */
#ifndef SEBEZ_SHOP_VENDORS_VENDORS_H
#define SEBEZ_SHOP_VENDORS_VENDORS_H

#include "shop/area.h"

extern const struct area AREA_VENDORS;

#endif
