#include "net/trust.h"

#include <assert.h>
#include <errno.h>
#include <openssl/ssl.h>

#include "base/list.h"
#include "net/co.h"
#include "net/loop.h"

enum { TRUST_MS = 24 * 3600 * 1000 }; /* after that the file may have changed */

static struct {
	X509_STORE *store; /* NULL: none yet */
	int64_t read_ms;
	bool reading;
	struct list_node waiters; /* fibers, while it is read for the first time */
} trust;

struct waiter {
	struct list_node node;
	struct co *co;
};

struct reading {
	const char *file;
	X509_STORE *store; /* NULL: it has no certificate, or cannot be read */
};

/* In a thread: parsing some hundred certificates takes 20 to 70 ms. */
static void read_file(void *arg)
{
	struct reading *reading = arg;
	X509_STORE *store = X509_STORE_new();

	if (store != NULL && X509_STORE_load_file(store, reading->file) == 1) {
		/* As libcurl sets them: a shorter chain is enough when one of its certificates is
		 * trusted. */
		X509_STORE_set_flags(store, X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
		reading->store = store;
	} else {
		X509_STORE_free(store);
	}
	OPENSSL_thread_stop(); /* what it keeps for this thread, which is libuv's and never ends */
}

static void wait_for_reading(void)
{
	struct waiter self = {.co = co_self()};

	list_init(&self.node);
	list_push_back(&trust.waiters, &self.node);
	while (trust.reading)
		(void)co_wait(0);
	list_remove(&self.node);
}

static void wake_waiters(void)
{
	struct list_node *at, *next;

	LIST_EACH(at, next, &trust.waiters)
	co_wake(CONTAINER_OF(at, struct waiter, node)->co);
}

static void read_now(const char *ca_file)
{
	struct reading reading = {
	    .file = ca_file != NULL ? ca_file : curl_version_info(CURLVERSION_NOW)->cainfo};

	assert(!trust.reading);
	trust.reading = true;
	list_init(&trust.waiters);
	if (reading.file != NULL)
		loop_in_thread(read_file, &reading);
	trust.reading = false;
	wake_waiters();
	if (reading.store == NULL)
		return; /* keeps those that it has */
	X509_STORE_free(trust.store);
	trust.store = reading.store;
	trust.read_ms = loop_now_ms();
}

int trust_prepare(const char *ca_file)
{
	assert(co_self() != NULL);
	if (trust.reading && trust.store == NULL)
		wait_for_reading();
	else if (!trust.reading &&
	         (trust.store == NULL || loop_now_ms() - trust.read_ms >= TRUST_MS))
		read_now(ca_file);
	return trust.store != NULL ? 0 : -EKEYREJECTED;
}

X509_STORE *trust_share(void)
{
	assert(trust.store != NULL && co_self() != NULL);
	X509_STORE_up_ref(trust.store);
	return trust.store;
}

CURLcode trust_give(CURL *easy, void *context, void *arg)
{
	(void)easy;
	(void)arg;
	assert(trust.store != NULL);
	SSL_CTX_set1_cert_store(context, trust.store);
	return CURLE_OK;
}

void trust_drop(void)
{
	X509_STORE_free(trust.store);
	trust.store = NULL;
}
