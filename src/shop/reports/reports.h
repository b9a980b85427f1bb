/*
 * reports: what was sold, by period, product, category and country. Journals of sub-orders leave
 * what they changed of each line (functions.sql), which a job adds to sums; reports read the sums
 * and what was not added yet. docs/MONEY.md, "Reports".
 */
#ifndef SEBEZ_SHOP_REPORTS_REPORTS_H
#define SEBEZ_SHOP_REPORTS_REPORTS_H

#include "shop/area.h"

extern const struct area AREA_REPORTS;

#endif
