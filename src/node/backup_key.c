#include "node/backup_key.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "node/say.h"
#include "node/secret.h"

int backup_key_read(const struct config *config, struct backup_key *ret)
{
	struct secret key;

	if (config->backup_key[0] == '\0')
		return 0;
	if (!secret_parse(config->backup_key, &key))
		return -EINVAL;
	_Static_assert((int)SECRET_BYTES == (int)BACKUP_KEY_BYTES, "a key");
	memcpy(ret->bytes, key.key, SECRET_BYTES);
	ret->given = true;
	explicit_bzero(&key, sizeof(key));
	return 0;
}

/* The first encrypted file in a folder; false when there is none. */
static bool find_encrypted(int parent, const char *name, int *ret_fd, char ret[BACKUP_NAME_MAX])
{
	static const char ENDING[] = ".gz.enc";
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	bool found = false;

	if (dir == NULL)
		return false;
	while (!found && (entry = readdir(dir)) != NULL) {
		size_t length = strlen(entry->d_name);

		found = entry->d_name[0] != '.' && length < BACKUP_NAME_MAX &&
		        length > sizeof(ENDING) - 1 &&
		        strcmp(entry->d_name + length - (sizeof(ENDING) - 1), ENDING) == 0;
		if (found)
			path_format(ret, BACKUP_NAME_MAX, "%s", entry->d_name);
	}
	*ret_fd = found ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;
	closedir(dir);
	return *ret_fd >= 0;
}

/* A file of a full backup. */
static bool find_in_backups(const struct backup_folder *folder, int *ret_fd,
                            char ret[BACKUP_NAME_MAX])
{
	int fd = openat(folder->base_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	bool found = false;

	if (dir == NULL)
		return false;
	while (!found && (entry = readdir(dir)) != NULL)
		found = entry->d_name[0] != '.' &&
		        find_encrypted(folder->base_fd, entry->d_name, ret_fd, ret);
	closedir(dir);
	return found;
}

/* Of a folder that does not say which key it was begun with: whether the key opens what is there.
 * The small files first. */
static int try_key(const struct backup_folder *folder)
{
	char name[BACKUP_NAME_MAX];
	int fd, rc;

	if (!find_encrypted(folder->fd, ".", &fd, name) &&
	    !find_encrypted(folder->fd, "secrets", &fd, name) &&
	    !find_encrypted(folder->wal_fd, ".", &fd, name) && !find_in_backups(folder, &fd, name))
		return 0;
	rc = backup_file_get_entry(fd, name, &folder->key, -1);
	close(fd);
	if (rc == -EBADMSG)
		say("SEBEZ_BACKUP_KEY does not open %s in %s: it is damaged, or of another key, "
		    "and a new key needs a new folder",
		    name, folder->path);
	if (rc == -ENOKEY)
		say("%s is encrypted, and SEBEZ_BACKUP_KEY is not set", folder->path);
	return rc;
}

int backup_key_check(const struct backup_folder *folder, bool make)
{
	static const char NAMES[] = "SEBEZ_BACKUP_KEY";
	uint8_t hash[16];
	char id[2 * sizeof(hash) + 1] = "", known[2 * sizeof(hash) + 1];
	int rc = backup_folder_read(folder->fd, "key.id", known, sizeof(known));

	if (rc < 0)
		return rc;
	if (known[0] == '\0')
		rc = try_key(folder);
	if (rc < 0)
		return rc;
	if (folder->key.given) {
		crypto_generichash(hash, sizeof(hash), (const uint8_t *)NAMES, sizeof(NAMES) - 1,
		                   folder->key.bytes, sizeof(folder->key.bytes));
		sodium_bin2hex(id, sizeof(id), hash, sizeof(hash));
	}
	if (strcmp(known, id) == 0)
		return 0;
	if (known[0] == '\0')
		return make ? backup_folder_write(folder->fd, "key.id", id) : 0;
	if (!folder->key.given)
		say("%s is encrypted, and SEBEZ_BACKUP_KEY is not set", folder->path);
	else
		say("SEBEZ_BACKUP_KEY is not the key that %s was begun with: a new key needs a new "
		    "folder",
		    folder->path);
	return folder->key.given ? -EKEYREJECTED : -ENOKEY;
}
