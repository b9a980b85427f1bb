/* web_address: URLs of images, parcels and pages that users supply and browsers, apps or servers
 * open. */
#ifndef SEBEZ_BASE_WEB_ADDRESS_H
#define SEBEZ_BASE_WEB_ADDRESS_H

/* The rule that an http or https URL breaks, as the end of a sentence ("must …"); NULL when it is
 * valid: with a host on the public internet, and no user name or password. */
const char *web_address_wrong(const char *text);

#endif
