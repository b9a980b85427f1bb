#include "node/backup_bucket.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "net/co.h"
#include "net/http_client.h"
#include "net/loop.h"
#include "node/process.h"
#include "node/say.h"
#include "store/outage.h"

enum {
	SECOND_US = 1000000,
	LIST_MS = 10 * 60 * 1000,
	LIST_COUNT = 500,
	LIST_ARENA_BYTES = 16 * 1024 * 1024,
	KEY_MAX = 1024, /* of S3, whoever put it there */
};

#define SCHEME "s3://"

static char reason[256];

static void keep_reason(const char *store, const char *why)
{
	(void)store;
	if (why != NULL)
		snprintf(reason, sizeof(reason), "%s", why);
}

const char *backup_link_reason(int rc)
{
	return reason[0] != '\0' ? reason : strerror(-rc);
}

bool backup_bucket_parse(const char *url, char ret_bucket[64], char ret_prefix[BACKUP_PREFIX_MAX])
{
	const char *name = url + strlen(SCHEME), *slash;
	size_t length;

	if (strncmp(url, SCHEME, strlen(SCHEME)) != 0)
		return false;
	slash = strchr(name, '/');
	length = slash != NULL ? (size_t)(slash - name) : strlen(name);
	if (length < 3 || length > 63 ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-.") < length)
		return false;
	path_format(ret_bucket, 64, "%.*s", (int)length, name);
	ret_prefix[0] = '\0';
	if (slash == NULL)
		return true;
	if (!bucket_key_is_valid(slash + 1) || strlen(slash + 1) + 2 > BACKUP_PREFIX_MAX)
		return false;
	path_format(ret_prefix, BACKUP_PREFIX_MAX, "%s/", slash + 1);
	return true;
}

static const char *either(const char *own, const char *of_images)
{
	return own[0] != '\0' ? own : of_images;
}

int backup_link_open(const struct config *config, struct backup_link *ret)
{
	static const char *const ENCRYPTIONS[] = {"", "AES256", "aws:kms"};
	int rc = 0;

	*ret = (struct backup_link){.config = config};
	if (!backup_bucket_parse(config->backup_url, ret->name, ret->prefix))
		return -EINVAL;
	ret->settings = (struct objects_settings){
	    .where = OBJECTS_IN_S3,
	    .folder = "",
	    .secret = "",
	    .secret_previous = "",
	    .bucket = ret->name,
	    .endpoint = either(config->backup_s3_endpoint, config->s3_endpoint),
	    .public_endpoint = "",
	    .region = either(config->backup_s3_region, config->s3_region),
	    .access_key = either(config->backup_s3_access_key_id, config->s3_access_key_id),
	    .secret_key = either(config->backup_s3_secret_access_key, config->s3_secret_access_key),
	    .encryption = ENCRYPTIONS[config->s3_encryption],
	    .path_style = config->s3_path_style != 0,
	    .public_url = "",
	};
	outage_report(keep_reason);
	if (process_start_http_client(config) < 0)
		return -EIO;
	rc = bucket_open(&ret->settings, &ret->bucket);
	if (rc < 0) {
		say("the bucket of %s cannot be opened: %s", config->backup_url, strerror(-rc));
		http_client_stop();
	}
	return rc;
}

void backup_link_close(struct backup_link *link)
{
	http_client_stop();
	bucket_close(link->bucket);
	explicit_bzero(link, sizeof(*link));
}

int backup_link_run(void (*work)(void *arg), void *arg)
{
	int rc = co_start(work, arg);

	if (rc == 0)
		loop_run();
	return rc;
}

void backup_link_key(const struct backup_link *link, const char *key, char ret[BUCKET_KEY_MAX + 1])
{
	path_format(ret, BUCKET_KEY_MAX + 1, "%s%s", link->prefix, key);
}

/* What others put there is passed over. */
static bool is_ours(const struct backup_link *link, const char *key)
{
	size_t skip = strlen(link->prefix);

	return strlen(key) <= BUCKET_KEY_MAX && strncmp(key, link->prefix, skip) == 0 &&
	       bucket_key_is_valid(key + skip) && strcmp(key + skip, BACKUP_OWNER_KEY) != 0;
}

static int list_prefix(struct backup_link *link, const char *below, enum backup_part part,
                       struct backup_tree *ret)
{
	char prefix[BACKUP_PREFIX_MAX + 64], after[KEY_MAX + 1] = "";
	size_t count = 0, skip = strlen(link->prefix);
	int rc;

	path_format(prefix, sizeof(prefix), "%s%s", link->prefix, below);
	do {
		struct arena *arena = arena_new(LIST_ARENA_BYTES, NULL, NULL);
		struct object_entry *page;

		rc = bucket_list(link->bucket, arena, prefix, after, LIST_COUNT,
		                 loop_now_ms() + LIST_MS, &count, &page);
		for (size_t i = 0; rc == 0 && i < count; i++) {
			const char *key = page[i].key + skip;

			if (is_ours(link, page[i].key) &&
			    (part == BACKUP_PART_COUNT || backup_part_of(key) == part)) {
				backup_tree_add(ret, key, page[i].bytes, BACKUP_TIME_UNKNOWN);
				ret->files[ret->count - 1].put_s = page[i].put_at_us / SECOND_US;
			}
		}
		if (rc == 0 && count > 0 && strlen(page[count - 1].key) > KEY_MAX)
			rc = -EPROTO;
		if (rc == 0 && count > 0)
			path_format(after, sizeof(after), "%s", page[count - 1].key);
		arena_free(arena);
	} while (rc == 0 && count == LIST_COUNT);
	return rc;
}

int backup_link_list(struct backup_link *link, enum backup_part part, struct backup_tree *ret)
{
	static const char *const BELOW[BACKUP_PART_COUNT + 1][3] = {
	    [BACKUP_PART_LOG] = {"wal/", "pgbackrest/archive/", "secrets/"},
	    [BACKUP_PART_OBJECTS] = {"objects/"},
	    [BACKUP_PART_REST] = {""},
	    [BACKUP_PART_COUNT] = {""},
	};
	int rc = 0;

	*ret = (struct backup_tree){0};
	reason[0] = '\0';
	for (int i = 0; i < 3 && rc == 0 && BELOW[part][i] != NULL; i++)
		rc = list_prefix(link, BELOW[part][i], part, ret);
	if (rc < 0)
		backup_tree_free(ret);
	backup_tree_sort(ret);
	return rc;
}

struct comparison {
	struct backup_link link;
	int folder, bad, rc;
};

static void compare_part(struct comparison *comparison, enum backup_part part)
{
	struct backup_tree local = {0}, remote = {0};

	comparison->rc = backup_tree_read(comparison->folder, part, &local);
	if (comparison->rc == 0)
		comparison->rc = backup_link_list(&comparison->link, part, &remote);
	for (size_t i = 0; comparison->rc == 0 && i < local.count; i++) {
		const struct backup_tree_file *there =
		    backup_tree_find(&remote, local.files[i].key);

		if (there != NULL && there->bytes == local.files[i].bytes)
			continue;
		printf("%-8s %s in the bucket\n", there == NULL ? "missing" : "differs",
		       local.files[i].key);
		comparison->bad++;
	}
	backup_tree_free(&local);
	backup_tree_free(&remote);
}

static void compare(void *arg)
{
	struct comparison *comparison = arg;

	co_sleep_ms(1); /* the loop's clock stands still while the loop does not run */
	for (int part = 0; part < BACKUP_PART_COUNT && comparison->rc == 0; part++)
		compare_part(comparison, part);
	loop_stop();
}

int backup_bucket_compare(const struct config *config, const struct backup_folder *folder,
                          int *ret_bad)
{
	static struct comparison comparison;
	int rc = backup_link_open(config, &comparison.link);

	if (rc < 0)
		return rc;
	comparison.folder = folder->fd;
	rc = backup_link_run(compare, &comparison);
	rc = rc < 0 ? rc : comparison.rc;
	if (rc < 0)
		say("the bucket of %s cannot be read: %s", config->backup_url,
		    backup_link_reason(rc));
	backup_link_close(&comparison.link);
	*ret_bad = comparison.bad;
	return rc;
}
