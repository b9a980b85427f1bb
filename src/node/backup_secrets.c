#include "node/backup_secrets.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/say.h"
#include "node/token_keys.h"

#define FOLDER "secrets"
#define IN_USE "secret"

enum { ID_LENGTH = 16 };

/* -ENOENT, unless it is made. */
static int open_secrets(const struct backup_folder *folder, bool make)
{
	int fd;

	if (make && mkdirat(folder->fd, FOLDER, 0700) != 0 && errno != EEXIST)
		return -errno;
	fd = openat(folder->fd, FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0 && make && fsync(folder->fd) != 0) {
		close(fd);
		return -EIO;
	}
	return fd < 0 ? -errno : fd;
}

/* A pipe with its text, which it has room for; its end to read from. */
static int pour(const struct secret *secret)
{
	char text[SECRET_TEXT_LENGTH + 1];
	int pipes[2], rc = 0;

	if (pipe2(pipes, O_CLOEXEC) != 0)
		return -errno;
	sodium_bin2hex(text, sizeof(text), secret->key, sizeof(secret->key));
	if (write(pipes[1], text, SECRET_TEXT_LENGTH) != SECRET_TEXT_LENGTH)
		rc = -EIO;
	close(pipes[1]);
	sodium_memzero(text, sizeof(text));
	if (rc == 0)
		return pipes[0];
	close(pipes[0]);
	return rc;
}

/* The id says nothing of the secret. */
static int keep_one(int fd, const struct backup_folder *folder, const struct secret *secret)
{
	char id[SECRET_TEXT_LENGTH + 1];
	int source, rc;

	secret_derive(secret, "name in backups", id);
	id[ID_LENGTH] = '\0';
	rc = backup_file_exists(fd, id);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	source = pour(secret);
	if (source < 0)
		return source;
	rc = backup_file_replace(fd, id, source, &folder->key, BACKUP_LEVEL_NONE);
	close(source);
	return rc;
}

static int keep_in_use(const struct backup_folder *folder, const struct secret *secret)
{
	int source = pour(secret), rc;

	if (source < 0)
		return source;
	rc = backup_file_replace(folder->fd, IN_USE, source, &folder->key, BACKUP_LEVEL_NONE);
	close(source);
	return rc;
}

static int keep_all(const struct config *config, const struct data_folder *data_folder,
                    const struct backup_folder *folder, const struct secret *next)
{
	struct secret now, previous;
	int has = secret_find_previous(config, data_folder->data, &previous);
	int rc = has < 0 ? has : secret_find(config, data_folder->data, &now);
	int fd = rc < 0 ? rc : open_secrets(folder, true);

	rc = fd < 0 ? fd : keep_one(fd, folder, &now);
	if (rc == 0 && has == 1)
		rc = keep_one(fd, folder, &previous);
	if (rc == 0 && next != NULL)
		rc = keep_one(fd, folder, next);
	if (rc == 0)
		rc = keep_in_use(folder, &now);
	if (fd >= 0)
		close(fd);
	sodium_memzero(&now, sizeof(now));
	sodium_memzero(&previous, sizeof(previous));
	if (rc < 0)
		say("the secret cannot be kept in %s: %s", folder->path, strerror(-rc));
	return rc;
}

int backup_secrets_keep(const struct config *config, const struct data_folder *data_folder,
                        const struct backup_folder *folder)
{
	return folder->key.given ? keep_all(config, data_folder, folder, NULL) : 0;
}

int backup_secrets_keep_next(const struct config *config, const struct data_folder *data_folder,
                             const struct secret *next)
{
	struct backup_folder folder;
	int rc;

	if (config->backup_key[0] == '\0' || config->database_url[0] != '\0')
		return 0;
	rc = backup_folder_open(config, data_folder, false, &folder);
	if (rc < 0)
		return rc == -ENOENT ? 0 : rc; /* there is no backup yet */
	rc = keep_all(config, data_folder, &folder, next);
	backup_folder_close(&folder);
	return rc;
}

/* `name` without its ending. */
static int read_one(int fd, const char *name, const struct backup_key *key, struct secret *ret)
{
	char text[SECRET_TEXT_LENGTH + 2] = "";
	int pipes[2], rc;
	ssize_t count;

	if (pipe2(pipes, O_CLOEXEC) != 0)
		return -errno;
	rc = backup_file_get(fd, name, key, pipes[1]);
	close(pipes[1]);
	count = read(pipes[0], text, sizeof(text) - 1);
	close(pipes[0]);
	if (rc == 0 && count < 0)
		rc = -EIO;
	text[strcspn(text, "\r\n")] = '\0';
	if (rc == 0 && !secret_parse(text, ret))
		rc = -EBADMSG;
	sodium_memzero(text, sizeof(text));
	return rc;
}

int backup_secrets_find(const struct backup_folder *folder, struct secret *ret)
{
	int rc = backup_file_exists(folder->fd, IN_USE);

	if (rc <= 0)
		return rc;
	rc = read_one(folder->fd, IN_USE, &folder->key, ret);
	if (rc < 0)
		say("%s/secret cannot be read: %s", folder->path,
		    rc == -ENOKEY ? "SEBEZ_BACKUP_KEY is not set"
		                  : "it is damaged, or of another key");
	return rc < 0 ? rc : 1;
}

static int read_all(const struct backup_folder *folder, struct secret ret[BACKUP_SECRETS_MAX],
                    size_t *ret_count)
{
	int fd = open_secrets(folder, false), rc;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	char name[NAME_MAX + 1];

	*ret_count = 0;
	if (dir == NULL)
		return fd == -ENOENT ? 0 : fd < 0 ? fd : -errno;
	/* What cannot be read must not keep the rows from being restored. */
	while ((entry = readdir(dir)) != NULL) {
		path_format(name, sizeof(name), "%s", entry->d_name);
		if (name[0] == '.' || !backup_file_strip(name))
			continue;
		rc = *ret_count == BACKUP_SECRETS_MAX
		         ? -E2BIG
		         : read_one(fd, name, &folder->key, &ret[*ret_count]);
		if (rc < 0)
			say("%s/" FOLDER "/%s cannot be read: %s", folder->path, entry->d_name,
			    strerror(-rc));
		else
			(*ret_count)++;
	}
	closedir(dir);
	return 0;
}

int backup_secrets_open(PGconn *conn, const struct backup_folder *folder,
                        const struct secret *newest, struct sealed *ret)
{
	static struct secret older[BACKUP_SECRETS_MAX];
	struct sealed sealed = {0};
	size_t count = 0;
	int rc = read_all(folder, older, &count);

	assert(count <= BACKUP_SECRETS_MAX);
	*ret = (struct sealed){0};
	token_keys_load(newest, NULL);
	if (rc == 0)
		rc = sealed_go_through(conn, false, ret);
	for (size_t i = 0; rc == 0 && ret->lost > 0 && i < count; i++) {
		token_keys_load_to_open(newest, &older[i]);
		rc = sealed_go_through(conn, true, &sealed);
		ret->old += sealed.old;
		ret->lost = sealed.lost;
	}
	sodium_memzero(older, sizeof(older));
	return rc;
}
