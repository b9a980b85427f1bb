/* Whose bucket it is. The object `owner` has a random id, which is in the folder's mark, too. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/co.h"
#include "net/loop.h"
#include "node/backup.h"
#include "node/backup_bucket.h"
#include "node/say.h"

enum { CALL_MS = 60 * 1000, ARENA_BYTES = 4 * OBJECT_PIECE_BYTES, ID_BYTES = 16 };

_Static_assert(BACKUP_OWNER_MAX == ID_BYTES * 2 + 1, "the id is in hexadecimal");

int backup_mark_read(const struct config *config, int folder, char ret_owner[BACKUP_OWNER_MAX])
{
	char text[1024], *space;

	ret_owner[0] = '\0';
	backup_folder_read(folder, BACKUP_BUCKET_MARK, text, sizeof(text));
	if (text[0] == '\0')
		return 0;
	space = strchr(text, ' '); /* of an older version: none */
	if (space != NULL) {
		*space = '\0';
		if (strlen(space + 1) >= BACKUP_OWNER_MAX)
			return -EEXIST;
		path_format(ret_owner, BACKUP_OWNER_MAX, "%s", space + 1);
	}
	return strcmp(text, config->backup_url) == 0 ? 1 : -EEXIST;
}

int backup_mark_write(const struct config *config, int folder, const char *owner)
{
	char text[1024];

	path_format(text, sizeof(text), "%s %s", config->backup_url, owner);
	return backup_folder_write(folder, BACKUP_BUCKET_MARK, text);
}

int backup_owner_read(struct backup_link *link, char ret[BACKUP_OWNER_MAX])
{
	struct arena *arena = arena_new(ARENA_BYTES, NULL, NULL);
	char key[BUCKET_KEY_MAX + 1];
	struct object_piece piece;
	int rc;

	ret[0] = '\0';
	backup_link_key(link, BACKUP_OWNER_KEY, key);
	rc = bucket_get(link->bucket, arena, key, 0, BACKUP_OWNER_MAX, loop_now_ms() + CALL_MS,
	                &piece);
	if (rc == 0) /* what is longer is cut, and equals none */
		path_format(
		    ret, BACKUP_OWNER_MAX, "%.*s",
		    (int)(piece.length < BACKUP_OWNER_MAX ? piece.length : BACKUP_OWNER_MAX - 1),
		    piece.bytes);
	arena_free(arena);
	return rc == -ENOENT ? 0 : rc;
}

static long read_text(void *arg, char *bytes, size_t size)
{
	const char **text = arg;
	size_t length = strlen(*text);

	assert(length <= size);
	memcpy(bytes, *text, length);
	*text += length;
	return (long)length;
}

static int put_owner(struct backup_link *link, const char *owner)
{
	char key[BUCKET_KEY_MAX + 1];
	const char *text = owner;

	assert(strlen(owner) == BACKUP_OWNER_MAX - 1);
	backup_link_key(link, BACKUP_OWNER_KEY, key);
	return bucket_put(link->bucket, key, read_text, &text, loop_now_ms() + CALL_MS);
}

/* A new id, in the bucket and in the folder. */
static int become_owner(struct backup_link *link, int folder, char ret[BACKUP_OWNER_MAX])
{
	uint8_t id[ID_BYTES];
	int rc;

	if (getrandom(id, sizeof(id), 0) != (ssize_t)sizeof(id))
		return -EIO;
	for (int i = 0; i < ID_BYTES; i++)
		snprintf(ret + (ptrdiff_t)i * 2, 3, "%02x", id[i]);
	rc = put_owner(link, ret);
	return rc < 0 ? rc : backup_mark_write(link->config, folder, ret);
}

int backup_owner_claim(struct backup_link *link, int folder, char ret[BACKUP_OWNER_MAX])
{
	char there[BACKUP_OWNER_MAX];
	struct backup_tree remote = {0};
	int marked = backup_mark_read(link->config, folder, ret), rc;

	if (marked < 0)
		return marked;
	rc = backup_owner_read(link, there);
	if (rc < 0)
		return rc;
	if (there[0] != '\0')
		return marked == 1 && strcmp(there, ret) == 0 ? 0 : -EEXIST;
	if (marked == 1 && ret[0] != '\0') /* who got it only does not own it */
		return strcmp(ret, BACKUP_OWNER_NONE) == 0 ? -EEXIST : put_owner(link, ret);
	/* A folder that does not know its bucket may be a new one beside an old one's backups. */
	if (marked == 0) {
		rc = backup_link_list(link, BACKUP_PART_COUNT, &remote);
		if (rc == 0 && remote.count > 0)
			rc = -EEXIST;
		backup_tree_free(&remote);
	}
	return rc < 0 ? rc : become_owner(link, folder, ret);
}

int backup_owner_check(struct backup_link *link, const char *owner)
{
	char there[BACKUP_OWNER_MAX];
	int rc = backup_owner_read(link, there);

	if (rc == 0 && there[0] == '\0') /* somebody emptied the bucket */
		return put_owner(link, owner);
	return rc < 0 ? rc : strcmp(there, owner) == 0 ? 0 : -EEXIST;
}

struct take_over {
	struct backup_link link;
	int folder, rc;
	size_t left;
};

/* Keys that the folder does not have stay in the bucket: they are of who owned it. */
static int note_left(struct take_over *take, const struct backup_tree *remote)
{
	int fd = openat(take->folder, BACKUP_BUCKET_LEFT ".new",
	                O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
	char path[BUCKET_KEY_MAX + 1];
	struct stat info;
	int64_t time_s;
	bool good;

	if (file == NULL)
		return -errno;
	for (size_t i = 0; i < remote->count; i++) {
		backup_tree_path(remote->files[i].key, path, sizeof(path), &time_s);
		if (fstatat(take->folder, path, &info, AT_SYMLINK_NOFOLLOW) == 0)
			continue;
		fprintf(file, "%s\n", remote->files[i].key);
		take->left++;
	}
	good = fflush(file) == 0 && fsync(fd) == 0;
	good = fclose(file) == 0 && good;
	if (!good || renameat(take->folder, BACKUP_BUCKET_LEFT ".new", take->folder,
	                      BACKUP_BUCKET_LEFT) != 0)
		return -EIO;
	return 0;
}

static void take_over(void *arg)
{
	struct take_over *take = arg;
	struct backup_tree remote = {0};
	char owner[BACKUP_OWNER_MAX];

	co_sleep_ms(1); /* the loop's clock stands still while it does not run */
	take->rc = backup_link_list(&take->link, BACKUP_PART_COUNT, &remote);
	if (take->rc == 0)
		take->rc = note_left(take, &remote);
	if (take->rc == 0)
		take->rc = become_owner(&take->link, take->folder, owner);
	backup_tree_free(&remote);
	loop_stop();
}

int backup_take_over(const struct config *config, const struct backup_folder *folder)
{
	static struct take_over take;
	char owner[BACKUP_OWNER_MAX];
	int rc = backup_mark_read(config, folder->fd, owner);

	if (rc != 1) {
		say("%s has nothing of %s: an empty folder gets it with `sebez backup list`",
		    folder->path, config->backup_url);
		return -EEXIST;
	}
	take = (struct take_over){.folder = folder->fd};
	rc = backup_link_open(config, &take.link);
	if (rc < 0)
		return rc;
	rc = backup_link_run(take_over, &take);
	rc = rc < 0 ? rc : take.rc;
	if (rc < 0)
		say("%s cannot be taken over: %s", config->backup_url, backup_link_reason(rc));
	else
		printf("%s belongs to %s now; %zu files that are not in the folder stay there\n",
		       config->backup_url, folder->path, take.left);
	backup_link_close(&take.link);
	return rc;
}

int backup_left_read(int folder, struct backup_tree *ret)
{
	int fd = openat(folder, BACKUP_BUCKET_LEFT, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	char line[BUCKET_KEY_MAX + 40];

	*ret = (struct backup_tree){0};
	if (file == NULL)
		return errno == ENOENT ? 0 : -errno;
	while (fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		backup_tree_add(ret, line, 0, BACKUP_TIME_UNKNOWN);
	}
	fclose(file);
	backup_tree_sort(ret);
	return 0;
}
