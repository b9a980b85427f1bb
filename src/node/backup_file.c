#include "node/backup_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "node/backup_stream.h"
#include "node/data_folder.h"

static const char *const ENDINGS[] = {".gz", ".gz.enc"};

static void name_file(const char *name, bool sealed, char ret[BACKUP_NAME_MAX])
{
	path_format(ret, BACKUP_NAME_MAX, "%s%s", name, ENDINGS[sealed]);
}

/* Opens either kind. */
static int open_file(int folder, const char *name, bool *ret_sealed)
{
	char path[BACKUP_NAME_MAX];
	int fd = -1;

	for (int sealed = 1; sealed >= 0 && fd < 0; sealed--) {
		name_file(name, sealed == 1, path);
		fd = openat(folder, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		*ret_sealed = sealed == 1;
		if (fd < 0 && errno != ENOENT)
			break;
	}
	return fd < 0 ? -errno : fd;
}

/* Closes the descriptor. */
static int read_open(int fd, bool sealed, const struct backup_key *key, struct backup_sink *sink)
{
	int rc;

	if (fd < 0)
		return fd;
	rc = backup_stream_read(fd, sealed, key, sink);
	close(fd);
	return rc;
}

static int read_into(int folder, const char *name, const struct backup_key *key,
                     struct backup_sink *sink)
{
	bool sealed = false;
	int fd = open_file(folder, name, &sealed);

	return read_open(fd, sealed, key, sink);
}

int backup_file_get_entry(int folder, const char *entry, const struct backup_key *key, int out)
{
	struct backup_sink sink = {.out = out, .source = -1};
	int fd = openat(folder, entry, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	return read_open(fd < 0 ? -errno : fd, strstr(entry, ENDINGS[1]) != NULL, key, &sink);
}

int backup_file_get(int folder, const char *name, const struct backup_key *key, int out)
{
	struct backup_sink sink = {.out = out, .source = -1};

	return read_into(folder, name, key, &sink);
}

/* Whether the file that is there was made from the source. */
static int compare(int folder, const char *name, int source, const struct backup_key *key)
{
	struct backup_sink sink = {.out = -1, .source = source};
	uint8_t more;
	int rc = lseek(source, 0, SEEK_SET) < 0 ? -errno : read_into(folder, name, key, &sink);

	if (rc == 0 && !sink.differs && read(source, &more, 1) == 0)
		return 0;
	return -EEXIST;
}

static int write_new(int folder, const char *temporary, int source, const struct backup_key *key,
                     enum backup_level level, int64_t *ret_bytes)
{
	int fd =
	    openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	int64_t bytes = 0;
	int rc;

	if (fd < 0)
		return -errno;
	rc = backup_stream_write(source, fd, key, level, &bytes);
	if (rc == 0 && fsync(fd) != 0)
		rc = -errno;
	if (close(fd) != 0 && rc == 0)
		rc = -errno;
	if (ret_bytes != NULL)
		*ret_bytes = bytes;
	return rc;
}

int backup_file_put(int folder, const char *name, int source, const struct backup_key *key,
                    enum backup_level level, int64_t *ret_bytes)
{
	char path[BACKUP_NAME_MAX], temporary[BACKUP_NAME_MAX];
	int rc;

	assert(name[0] != '\0' && name[0] != '.' && strchr(name, '/') == NULL);
	rc = backup_file_exists(folder, name);
	if (rc > 0) {
		rc = compare(folder, name, source, key);
		/* Who put it there may have died before its name was on the disk. */
		return rc == 0 && fsync(folder) != 0 ? -errno : rc;
	}
	if (rc < 0)
		return rc;
	name_file(name, key->given, path);
	path_format(temporary, sizeof(temporary), ".%s.%d.new", name, (int)getpid());
	rc = write_new(folder, temporary, source, key, level, ret_bytes);
	/* Not rename, which would replace what another process put there meanwhile. */
	if (rc == 0 && linkat(folder, temporary, folder, path, 0) != 0)
		rc = errno == EEXIST ? compare(folder, name, source, key) : -errno;
	if (unlinkat(folder, temporary, 0) != 0 && rc == 0)
		rc = -errno;
	if (rc == 0 && fsync(folder) != 0)
		rc = -errno;
	return rc;
}

int backup_file_replace(int folder, const char *name, int source, const struct backup_key *key,
                        enum backup_level level)
{
	char path[BACKUP_NAME_MAX], temporary[BACKUP_NAME_MAX];
	int rc;

	name_file(name, key->given, path);
	path_format(temporary, sizeof(temporary), ".%s.%d.new", name, (int)getpid());
	rc = write_new(folder, temporary, source, key, level, NULL);
	if (rc == 0 && renameat(folder, temporary, folder, path) != 0)
		rc = -errno;
	if (rc < 0)
		unlinkat(folder, temporary, 0);
	return rc == 0 && fsync(folder) != 0 ? -errno : rc;
}

int backup_file_exists(int folder, const char *name)
{
	char path[BACKUP_NAME_MAX];

	for (int sealed = 0; sealed <= 1; sealed++) {
		name_file(name, sealed == 1, path);
		if (faccessat(folder, path, F_OK, 0) == 0)
			return 1;
		if (errno != ENOENT)
			return -errno;
	}
	return 0;
}

bool backup_file_strip(char *name)
{
	for (int sealed = 1; sealed >= 0; sealed--) {
		size_t length = strlen(name), end = strlen(ENDINGS[sealed]);

		if (length > end && strcmp(name + length - end, ENDINGS[sealed]) == 0) {
			name[length - end] = '\0';
			return true;
		}
	}
	return false;
}
