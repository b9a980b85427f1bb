#include "node/secret.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "node/say.h"

/* The previous one, of which a running server does not know yet that it is not valid. */
#define SECRET_ENDING "secret.ending"

enum { TEMPORARY_MAX = 1200 };

bool secret_parse(const char *text, struct secret *ret)
{
	static const int VARIANTS[] = {
	    sodium_base64_VARIANT_ORIGINAL, sodium_base64_VARIANT_ORIGINAL_NO_PADDING,
	    sodium_base64_VARIANT_URLSAFE, sodium_base64_VARIANT_URLSAFE_NO_PADDING};
	size_t length = strlen(text);
	struct secret secret;
	size_t count;

	_Static_assert(SECRET_TEXT_LENGTH == SECRET_BYTES * 2, "its hexadecimal digits");
	if (length == SECRET_TEXT_LENGTH) {
		if (sodium_hex2bin(secret.key, SECRET_BYTES, text, length, NULL, &count, NULL) != 0)
			return false;
		*ret = secret;
		return count == SECRET_BYTES;
	}
	for (size_t i = 0; i < sizeof(VARIANTS) / sizeof(VARIANTS[0]); i++)
		if (sodium_base642bin(secret.key, SECRET_BYTES, text, length, NULL, &count, NULL,
		                      VARIANTS[i]) == 0 &&
		    count == SECRET_BYTES) {
			*ret = secret;
			return true;
		}
	return false;
}

/* Writes a key into a new file beside this one, whose name it gives. */
static int write_temporary(const struct secret *secret, const char *path, char ret[TEMPORARY_MAX])
{
	char text[SECRET_TEXT_LENGTH + 2];
	int rc = 0, fd;

	snprintf(ret, TEMPORARY_MAX, "%s.%d", path, (int)getpid());
	sodium_bin2hex(text, sizeof(text), secret->key, sizeof(secret->key));
	text[SECRET_TEXT_LENGTH] = '\n';
	fd = open(ret, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	if (write(fd, text, SECRET_TEXT_LENGTH + 1) != SECRET_TEXT_LENGTH + 1 || fsync(fd) != 0)
		rc = -EIO;
	close(fd);
	if (rc < 0)
		unlink(ret);
	sodium_memzero(text, sizeof(text));
	return rc;
}

static int make_file(const char *path)
{
	struct secret secret;
	char temporary[TEMPORARY_MAX];
	int rc;

	randombytes_buf(secret.key, sizeof(secret.key));
	rc = write_temporary(&secret, path, temporary);
	sodium_memzero(&secret, sizeof(secret));
	if (rc < 0)
		return rc;
	/* link, not rename: when two processes start at once, both must end up with the same
	 * key. */
	if (link(temporary, path) != 0 && errno != EEXIST)
		rc = -errno;
	unlink(temporary);
	return rc;
}

static int read_file(const char *path, struct secret *ret)
{
	char text[256];
	ssize_t count;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	count = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (count < 0)
		return -EIO;
	text[count] = '\0';
	text[strcspn(text, "\r\n")] = '\0';
	return secret_parse(text, ret) ? 0 : -EINVAL;
}

static int find(const struct config *config, const char *path, struct secret *ret)
{
	if (config->secret[0] != '\0') /* config_load has validated it */
		return secret_parse(config->secret, ret) ? 0 : -EINVAL;
	return read_file(path, ret);
}

static int explain(const char *path, int rc)
{
	if (rc == -ENOENT)
		say("SEBEZ_SECRET is not set, and %s does not exist: set it to the secret of the "
		    "servers of this database, or a new one (openssl rand -hex 32) if it is new",
		    path);
	else if (rc < 0)
		say("%s: %s", path, rc == -EINVAL ? "is not a valid key file" : strerror(-rc));
	return rc;
}

int secret_find(const struct config *config, const char *data, struct secret *ret)
{
	char path[1100];

	snprintf(path, sizeof(path), "%s/secret", data);
	return explain(path, find(config, path, ret));
}

int secret_load(const struct config *config, const char *data, struct secret *ret)
{
	char path[1100];
	int rc;

	snprintf(path, sizeof(path), "%s/secret", data);
	rc = find(config, path, ret);
	if (rc == -ENOENT && config->database_url[0] == '\0') {
		rc = make_file(path);
		if (rc == 0)
			rc = read_file(path, ret);
	}
	return explain(path, rc);
}

int secret_find_previous(const struct config *config, const char *data, struct secret *ret)
{
	char path[1100];
	int rc;

	if (config->secret_previous[0] != '\0')
		return secret_parse(config->secret_previous, ret) ? 1 : -EINVAL;
	snprintf(path, sizeof(path), "%s/secret.previous", data);
	rc = config->secret[0] != '\0' ? -ENOENT : read_file(path, ret);
	if (rc == -ENOENT)
		return 0;
	return rc == 0 ? 1 : explain(path, rc);
}

/* Replaces a file of one key. */
static int write_key(const char *path, const struct secret *secret)
{
	char temporary[TEMPORARY_MAX];
	int rc = write_temporary(secret, path, temporary);

	if (rc == 0 && rename(temporary, path) != 0) {
		rc = -errno;
		unlink(temporary);
	}
	return rc;
}

static int sync_folder(const char *data)
{
	int fd = open(data, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;

	rc = fd < 0 || fsync(fd) != 0 ? -errno : 0;
	if (fd >= 0)
		close(fd);
	return rc;
}

/* Tokens name their key by one byte (node/token_keys.c), in which both differ. */
void secret_make_next(const struct secret *before, struct secret *ret)
{
	char id[SECRET_TEXT_LENGTH + 1], next[SECRET_TEXT_LENGTH + 1];

	secret_derive(before, SECRET_TOKEN_ID, id);
	do {
		randombytes_buf(ret->key, sizeof(ret->key));
		secret_derive(ret, SECRET_TOKEN_ID, next);
	} while (strncmp(id, next, 2) == 0);
}

int secret_rotate(const char *data, const struct secret *next)
{
	char path[1100], before[1100];
	struct secret secret;
	int rc;

	snprintf(path, sizeof(path), "%s/secret", data);
	snprintf(before, sizeof(before), "%s/secret.previous", data);
	rc = read_file(path, &secret);
	if (rc == 0)
		rc = write_key(before, &secret);
	if (rc == 0)
		rc = sync_folder(data); /* the old one is never lost */
	if (rc == 0)
		rc = write_key(path, next);
	if (rc == 0)
		rc = sync_folder(data);
	sodium_memzero(&secret, sizeof(secret));
	return explain(path, rc);
}

int secret_forget_previous(const char *data)
{
	char path[1100];
	int rc;

	char ended[1100];

	snprintf(path, sizeof(path), "%s/secret.previous", data);
	snprintf(ended, sizeof(ended), "%s/" SECRET_ENDING, data);
	rc = rename(path, ended) != 0 ? -errno : sync_folder(data);
	return explain(path, rc);
}

bool secret_is_ending(const char *data)
{
	char path[1100];

	snprintf(path, sizeof(path), "%s/" SECRET_ENDING, data);
	return access(path, F_OK) == 0;
}

int secret_ended(const char *data)
{
	char path[1100];

	snprintf(path, sizeof(path), "%s/" SECRET_ENDING, data);
	if (unlink(path) != 0)
		return errno == ENOENT ? 0 : -errno;
	return sync_folder(data);
}

void secret_derive(const struct secret *secret, const char *purpose,
                   char ret[SECRET_TEXT_LENGTH + 1])
{
	uint8_t derived[SECRET_BYTES];

	_Static_assert(SECRET_BYTES >= crypto_generichash_KEYBYTES_MIN &&
	                   SECRET_BYTES <= crypto_generichash_KEYBYTES_MAX,
	               "the secret is a key of the hash");
	int rc = crypto_generichash(derived, sizeof(derived), (const uint8_t *)purpose,
	                            strlen(purpose), secret->key, sizeof(secret->key));

	assert(rc == 0);
	sodium_bin2hex(ret, SECRET_TEXT_LENGTH + 1, derived, sizeof(derived));
	sodium_memzero(derived, sizeof(derived));
}

void secret_role_password(const struct secret *secret, const char *role,
                          char ret[SECRET_TEXT_LENGTH + 1])
{
	char purpose[80];

	int length = snprintf(purpose, sizeof(purpose), "db:%s", role);

	assert(length > 3 && (size_t)length < sizeof(purpose));
	secret_derive(secret, purpose, ret);
}
