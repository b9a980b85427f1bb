/* web_address: URLs of images, parcels and pages that users supply and browsers, apps or servers
 * open. */
#ifndef SEBEZ_BASE_WEB_ADDRESS_H
#define SEBEZ_BASE_WEB_ADDRESS_H

#include "base/address.h"

/* The rule that an http or https URL breaks, as the end of a sentence ("must …"); NULL when it is
 * valid: with a host on the public internet, or an address in one of these networks, and no user
 * name or password. allowed may be NULL. */
const char *web_address_wrong(const char *text, const struct networks *allowed);
/* The same for an address that must be https; http is good enough in one of these networks. */
const char *web_address_insecure(const char *text, const struct networks *allowed);

#endif
