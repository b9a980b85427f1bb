#include "shop/catalog/extra.h"

#include <stddef.h>
#include <strings.h>

const struct extra_column EXTRA_VENDOR = {"Vendor", "Vendor", NULL, false};
const struct extra_column EXTRA_TRACKER = {"Variant Inventory Tracker", "Inventory tracker",
                                           "sebez", true};
const struct extra_column EXTRA_SERVICE = {"Variant Fulfillment Service", "Fulfillment service",
                                           "manual", true};
const struct extra_column EXTRA_SHIPPING = {"Variant Requires Shipping", "Requires shipping",
                                            "true", true};
const struct extra_column EXTRA_TAXABLE = {"Variant Taxable", "Charge tax", "true", true};
const struct extra_column EXTRA_GIFT_CARD = {"Gift Card", "Gift card", "false", false};
const struct extra_column EXTRA_UNIT = {"Variant Weight Unit", "Weight unit for display", "kg",
                                        true};

const struct extra_column *extra_find(const char *name)
{
	static const struct extra_column *const COLUMNS[] = {
	    &EXTRA_VENDOR,  &EXTRA_TRACKER,   &EXTRA_SERVICE, &EXTRA_SHIPPING,
	    &EXTRA_TAXABLE, &EXTRA_GIFT_CARD, &EXTRA_UNIT,
	};

	for (size_t i = 0; i < sizeof(COLUMNS) / sizeof(COLUMNS[0]); i++) {
		if (strcasecmp(name, COLUMNS[i]->name) == 0 ||
		    strcasecmp(name, COLUMNS[i]->newer_name) == 0)
			return COLUMNS[i];
	}
	return NULL;
}
