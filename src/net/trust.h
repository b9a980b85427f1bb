/*
 * trust: the certificates of authorities that libcurl's connections verify servers with. They are
 * read in a thread, because libcurl would read them on the loop.
 */
#ifndef SEBEZ_NET_TRUST_H
#define SEBEZ_NET_TRUST_H

#include <curl/curl.h>
#include <openssl/x509.h>

/* Reads them when there are none yet, or those that there are are a day old; ca_file NULL: those of
 * the system. Suspends the fiber. -EKEYREJECTED when there are none. */
int trust_prepare(const char *ca_file) __attribute__((warn_unused_result));
/* For CURLOPT_SSL_CTX_FUNCTION: gives them to a connection. */
CURLcode trust_give(CURL *easy, void *context, void *arg);
/* For a thread, which gives them to a connection itself; the caller frees its reference. */
X509_STORE *trust_share(void);
void trust_drop(void);

#endif
