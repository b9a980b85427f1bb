/*
 * web_address: addresses of images, parcels and pages that people give and others open: their
 * browsers, their apps, and whoever fetches a picture.
 */
#ifndef SEBEZ_BASE_WEB_ADDRESS_H
#define SEBEZ_BASE_WEB_ADDRESS_H

/* What an http or https address must be and this is not, as the end of a sentence ("must …"); NULL
 * when it is good: with a host on the public internet, and no user name or password. */
const char *web_address_wrong(const char *text);

#endif
