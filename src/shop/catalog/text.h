/*
 * text: what texts and addresses of the catalogue may hold, whether they come over the API or in a
 * file, so that what one takes in the other can bring back.
 */
#ifndef SEBEZ_SHOP_CATALOG_TEXT_H
#define SEBEZ_SHOP_CATALOG_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Has a control character other than tab and line ends. */
bool text_has_control(const char *text);
bool text_is_web_address(const char *text); /* as base/web_address.h, below 2,000 bytes */

/* Shopify's way to say in a file that a product has no options: one that is named "Title", whose
 * only value is "Default Title". So no product may really have it. */
extern const char TEXT_DEFAULT_OPTION[], TEXT_DEFAULT_VALUE[];
bool text_is_default_option(size_t option_count, const char *first_name, const char *value);

#endif
