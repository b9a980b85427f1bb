/* return_url: where a provider's page may lead a customer back to. Private to the area. */
#ifndef SEBEZ_SHOP_PAYMENTS_RETURN_URL_H
#define SEBEZ_SHOP_PAYMENTS_RETURN_URL_H

#include "shop/payments/payments.h"
#include "web/request.h"

/* Of this server, of an origin whose pages may call us, or one that the operator named; so that
 * nobody makes links of ours that lead elsewhere. */
bool return_url_is_good(struct request *rq, const struct payment_settings *settings,
                        const char *url);

#endif
