#include "shop/mail/shelf.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"

enum { FILE_BYTES_MAX = 1024 * 1024 };

static int folder = -1;

void shelf_start(int fd)
{
	assert(folder == -1);
	folder = fd;
}

bool shelf_is_there(void)
{
	return folder >= 0;
}

static const char *name_of(struct arena *arena, struct uuid id, const char *ending)
{
	char text[UUID_TEXT_LENGTH + 1];

	uuid_format(id, text);
	return arena_printf(arena, "%s.%s", text, ending);
}

static int write_file(const char *name, const char *bytes, size_t length)
{
	int fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	ssize_t written;

	if (fd < 0)
		return -errno;
	written = write(fd, bytes, length);
	if (close(fd) != 0 || written < 0)
		return -errno;
	return (size_t)written == length ? 0 : -ENOSPC;
}

/* Whole, or not at all: a reader never sees a part. */
static int put_file(struct arena *arena, const char *name, const char *bytes, size_t length)
{
	const char *partial = arena_printf(arena, "%s.partial", name);
	int rc = write_file(partial, bytes, length);

	if (rc == 0 && renameat(folder, partial, folder, name) != 0)
		rc = -errno;
	if (rc < 0)
		unlinkat(folder, partial, 0);
	return rc;
}

static int newest_first(const void *a, const void *b)
{
	return -memcmp(a, b, sizeof(struct uuid)); /* they begin with the time */
}

const struct uuid *shelf_list(struct arena *arena, size_t *ret_count)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *all = fd >= 0 ? fdopendir(fd) : NULL;
	struct uuid *ids = NULL;
	size_t count = 0, room = 0;
	const struct dirent *entry;

	while (all != NULL && (entry = readdir(all)) != NULL) {
		char text[UUID_TEXT_LENGTH + 1];
		struct uuid id;

		snprintf(text, sizeof(text), "%.*s", UUID_TEXT_LENGTH, entry->d_name);
		if (strcmp(entry->d_name + strlen(text), ".json") != 0 || !uuid_parse(text, &id))
			continue;
		ids = arena_room(arena, ids, count, &room, sizeof(*ids));
		ids[count++] = id;
	}
	if (all != NULL)
		closedir(all);
	else if (fd >= 0)
		close(fd);
	if (count > 0)
		qsort(ids, count, sizeof(*ids), newest_first);
	*ret_count = count;
	return ids;
}

static void drop_oldest(struct arena *arena)
{
	size_t count;
	const struct uuid *ids = shelf_list(arena, &count);

	for (size_t i = LIMIT_MAILS_SHOWN; i < count; i++) {
		(void)unlinkat(folder, name_of(arena, ids[i], "eml"), 0);
		(void)unlinkat(folder, name_of(arena, ids[i], "json"), 0);
	}
}

int shelf_put(struct arena *arena, const struct letter *letter,
              const struct letter_written *written)
{
	struct buf out = buf_new(arena, 4096);
	struct json json = json_new(&out);
	int rc;

	assert(folder >= 0);
	json_open_object(&json);
	json_put_uuid(&json, "id", letter->id);
	json_put_str(&json, "to", letter->to);
	json_put_str(&json, "subject", letter->subject);
	json_put_time(&json, "created_at", clock_now_us());
	json_put_str(&json, "text", written->text);
	json_put_str(&json, "html", written->html);
	json_close_object(&json);
	rc = put_file(arena, name_of(arena, letter->id, "eml"), written->bytes, written->length);
	if (rc == 0) /* last, as it is what lists show */
		rc = put_file(arena, name_of(arena, letter->id, "json"), out.data, out.length);
	drop_oldest(arena);
	return rc;
}

const char *shelf_read(struct arena *arena, struct uuid id)
{
	int fd = openat(folder, name_of(arena, id, "json"), O_RDONLY | O_CLOEXEC);
	off_t size = fd >= 0 ? lseek(fd, 0, SEEK_END) : -1;
	char *text = NULL;

	if (size > 0 && size <= FILE_BYTES_MAX) {
		text = arena_alloc(arena, (size_t)size + 1);
		if (pread(fd, text, (size_t)size, 0) != size)
			text = NULL;
	}
	if (fd >= 0)
		close(fd);
	return text;
}
