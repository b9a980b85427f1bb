/*
 * papers: invoices and credit notes, and who sells for the law. They are issued by functions of the
 * database, in the transaction of their cause (docs/MONEY.md, "Invoices"): the orders area calls
 * invoices_issue() and invoice_credit().
 */
#ifndef SEBEZ_SHOP_PAPERS_PAPERS_H
#define SEBEZ_SHOP_PAPERS_PAPERS_H

#include "shop/area.h"

extern const struct area AREA_PAPERS;

#endif
