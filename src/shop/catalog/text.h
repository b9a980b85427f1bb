/*
 * text: which texts and addresses the catalogue accepts, over the API and in files alike, so that
 * each can be imported and exported unchanged.
 */
#ifndef SEBEZ_SHOP_CATALOG_TEXT_H
#define SEBEZ_SHOP_CATALOG_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Has a control character other than tab and line ends. */
bool text_has_control(const char *text);
bool text_is_web_address(const char *text); /* see web/check.h; below 2,000 bytes */

/* Shopify's notation in a file for a product without options: one option named "Title" with the
 * only value "Default Title". So no product may really have it. */
extern const char TEXT_DEFAULT_OPTION[], TEXT_DEFAULT_VALUE[];
bool text_is_default_option(size_t option_count, const char *first_name, const char *value);

#endif
