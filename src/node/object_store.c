#include "node/object_store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "node/say.h"

int object_store_folder(const struct data_folder *data_folder)
{
	char path[DATA_FOLDER_PATH_MAX];
	int rc, fd = -1;

	if (data_folder->absent) /* the store is S3; its descriptor keeps the place */
		return open("/dev/null", O_RDONLY | O_CLOEXEC);
	data_folder_path(data_folder, "objects", path, sizeof(path));
	rc = data_folder_make_folder(data_folder, path);
	if (rc == 0)
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (rc == 0 && fd < 0)
		rc = -errno;
	if (rc < 0)
		say("cannot use the folder %s: %s", path, strerror(-rc));
	return rc < 0 ? rc : fd;
}

bool object_store_is_s3(const struct config *config)
{
	assert(config->media_store != MEDIA_STORE_AUTO); /* config_load has decided */
	return config->media_store == MEDIA_STORE_S3 ||
	       config->media_store == MEDIA_STORE_S3_FOLDER;
}

static const char *encryption_of(const struct config *config)
{
	static const char *const WORDS[] = {"", "AES256", "aws:kms"};

	assert(config->s3_encryption >= 0 && config->s3_encryption < 3);
	return WORDS[config->s3_encryption];
}

/* Sets what signs the links of the folder. */
static void derive_keys(const struct config *config, const struct secret *secret,
                        struct objects_settings *settings)
{
	static const char PURPOSE[] = "links to files";
	static char key[SECRET_TEXT_LENGTH + 1], previous[SECRET_TEXT_LENGTH + 1];
	struct secret old;

	secret_derive(secret, PURPOSE, key);
	settings->secret = key;
	settings->secret_previous = previous;
	if (config->secret_previous[0] != '\0' && secret_parse(config->secret_previous, &old)) {
		secret_derive(&old, PURPOSE, previous);
		explicit_bzero(&old, sizeof(old));
	}
}

static int open_store(const struct config *config, const struct secret *secret, int fd,
                      enum objects_where where, struct objects **ret)
{
	static char folder[32];
	struct objects_settings settings = {
	    .where = where,
	    .folder = folder,
	    .bucket = config->s3_bucket,
	    .endpoint = config->s3_endpoint,
	    .public_endpoint = config->s3_public_url,
	    .region = config->s3_region,
	    .access_key = config->s3_access_key_id,
	    .secret_key = config->s3_secret_access_key,
	    .encryption = encryption_of(config),
	    .path_style = config->s3_path_style != 0,
	    .public_url = config->media_url,
	};
	int rc;

	snprintf(folder, sizeof(folder), "/proc/self/fd/%d", fd);
	derive_keys(config, secret, &settings);
	rc = objects_open(&settings, ret);
	if (rc < 0)
		say("the store of images and files cannot be opened: %s", strerror(-rc));
	return rc;
}

int object_store_open(const struct config *config, const struct secret *secret, int fd,
                      struct objects **ret)
{
	static const enum objects_where WHERE[] = {
	    [MEDIA_STORE_FOLDER] = OBJECTS_IN_FOLDER,
	    [MEDIA_STORE_S3] = OBJECTS_IN_S3,
	    [MEDIA_STORE_S3_FOLDER] = OBJECTS_IN_S3_THEN_FOLDER,
	    [MEDIA_STORE_FOLDER_S3] = OBJECTS_IN_FOLDER_THEN_S3,
	};

	assert(config->media_store != MEDIA_STORE_AUTO);
	return open_store(config, secret, fd, WHERE[config->media_store], ret);
}

int object_store_open_one(const struct config *config, const struct secret *secret, int fd,
                          bool in_s3, struct objects **ret)
{
	return open_store(config, secret, fd, in_s3 ? OBJECTS_IN_S3 : OBJECTS_IN_FOLDER, ret);
}

void object_store_name(const struct config *config, const char *data, bool in_s3, char *ret,
                       size_t size)
{
	if (!in_s3)
		snprintf(ret, size, "the folder %s/objects", data);
	else if (config->s3_endpoint[0] != '\0')
		snprintf(ret, size, "the bucket %s at %s", config->s3_bucket, config->s3_endpoint);
	else
		snprintf(ret, size, "the bucket %s of Amazon S3 in %s", config->s3_bucket,
		         config->s3_region);
}
