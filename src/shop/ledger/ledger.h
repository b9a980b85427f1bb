/*
 * ledger: journals of all money and the balances of vendors. Journals are written by
 * settle_payments(), in the transaction of their cause (docs/MONEY.md); nothing of it is called
 * from C.
 */
#ifndef SEBEZ_SHOP_LEDGER_LEDGER_H
#define SEBEZ_SHOP_LEDGER_LEDGER_H

#include "shop/area.h"

extern const struct area AREA_LEDGER;

#endif
