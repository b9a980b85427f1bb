#include "base/pem.h"

#include <assert.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>

/* Without it, OpenSSL would ask for the password of an encrypted key on the terminal. */
static int no_password(char *buffer, int size, int writes, void *arg)
{
	(void)buffer;
	(void)size;
	(void)writes;
	(void)arg;
	return -1;
}

EVP_PKEY *pem_private_key(const char *text, size_t length)
{
	assert(length <= INT_MAX);

	BIO *bio = BIO_new_mem_buf(text, (int)length);
	EVP_PKEY *key = bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;

	BIO_free(bio);
	ERR_clear_error();
	return key;
}
