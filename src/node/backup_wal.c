#include "node/backup_wal.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "node/aside.h"
#include "node/backup_rest.h"
#include "node/say.h"
#include "node/secret.h"

enum {
	FOLDER_MS = 6 * 1000, /* to open the folder; a disk that slept takes some seconds */
	LEFT_AGE_S = 3600,    /* no command writes one file for so long */
	/* PostgreSQL ends recovery at a file that is not there (1), and stops at a status above
	 * 128: what cannot be read must not be taken for the end of the log. */
	STATUS_MISSING = 1,
	STATUS_BROKEN = 129,
};

#define HEX "0123456789ABCDEF"

static bool is_segment(const char *name)
{
	return strspn(name, HEX) == WAL_NAME && name[WAL_NAME] == '\0';
}

/* A segment, the history of a timeline, the end of a backup, an incomplete segment. */
static bool is_wal_name(const char *name)
{
	size_t digits = strspn(name, HEX);

	return strlen(name) < 64 && (digits == WAL_NAME || digits == 8) &&
	       strchr(name, '/') == NULL;
}

static int lend_key(const struct config *config, struct backup_loan *loan)
{
	struct secret key;
	char text[SECRET_TEXT_LENGTH + 1];

	loan->key[0] = '\0';
	if (config->backup_key[0] == '\0')
		return 0;
	if (!secret_parse(config->backup_key, &key))
		return -EINVAL;
	for (int i = 0; i < SECRET_BYTES; i++)
		snprintf(text + (ptrdiff_t)i * 2, 3, "%02x", key.key[i]);
	path_format(loan->key, sizeof(loan->key), "SEBEZ_BACKUP_KEY=%s", text);
	explicit_bzero(&key, sizeof(key));
	explicit_bzero(text, sizeof(text));
	return 0;
}

/* What is asked of the folder, in a process of its own. */
struct question {
	const struct config *config;
	const struct data_folder *data_folder;
	const char *cluster;
	bool rest; /* the answer */
	char command[BACKUP_COMMAND_MAX];
};

static int answer(void *arg, int *ret_fd)
{
	struct question *question = arg;
	struct backup_folder folder;
	int rc = backup_folder_open(question->config, question->data_folder, true, &folder);

	if (rc < 0)
		return rc;
	question->rest = folder.rest;
	if (question->cluster != NULL)
		backup_wal_command(&folder, question->cluster, true, question->command,
		                   sizeof(question->command));
	else if (!folder.rest)
		*ret_fd = fcntl(folder.wal_fd, F_DUPFD_CLOEXEC, 0);
	rc = question->cluster == NULL && !folder.rest && *ret_fd < 0 ? -EMFILE : 0;
	backup_folder_close(&folder);
	return rc;
}

static int ask(struct question *question, int *ret_fd)
{
	int rc = aside_run(answer, question, sizeof(*question), FOLDER_MS, ret_fd);

	if (rc == -ETIMEDOUT)
		say("the folder for backups %s does not answer", question->config->backup_folder);
	return rc;
}

int backup_wal_archive_command(const struct config *config, const struct data_folder *data_folder,
                               const char *cluster, char *ret, size_t size)
{
	struct question question = {
	    .config = config, .data_folder = data_folder, .cluster = cluster};
	int rc = ask(&question, NULL);

	if (rc == 0)
		path_format(ret, size, "%s", question.command);
	return rc;
}

/* The descriptor of the log's folder. When the folder does not answer, that of an earlier time: it
 * works again once the folder does. */
static int find_wal(const struct config *config, const struct data_folder *data_folder, int *ret_fd)
{
	static int known_fd = -1;
	struct question question = {.config = config, .data_folder = data_folder};
	int fd = -1, rc = ask(&question, &fd);

	if (rc == 0 && question.rest)
		return 1;
	if (rc == 0) {
		if (known_fd >= 0)
			close(known_fd);
		known_fd = fd;
	}
	if (known_fd < 0)
		return rc;
	*ret_fd = fcntl(known_fd, F_DUPFD_CLOEXEC, 0);
	return *ret_fd < 0 ? -EMFILE : 0;
}

int backup_wal_lend(const struct config *config, const struct data_folder *data_folder,
                    struct child_spec *spec, struct backup_loan *ret)
{
	struct backup_loan loan = {.program_fd = -1, .wal_fd = -1};
	int rc = lend_key(config, &loan);

	assert(spec->fd_count + 2 <= CHILD_FDS_MAX && config->backup_folder[0] != '\0');
	if (rc == 0)
		rc = find_wal(config, data_folder, &loan.wal_fd);
	if (rc != 0)
		return rc;
	loan.program_fd = open("/proc/self/exe", O_PATH | O_CLOEXEC);
	if (loan.program_fd < 0) {
		backup_wal_lent(&loan);
		return -EMFILE;
	}
	path_format(loan.program, sizeof(loan.program), "SEBEZ_PROGRAM=/proc/self/fd/%d",
	            CHILD_FIRST_FD + spec->fd_count);
	spec->fds[spec->fd_count++] = loan.program_fd;
	path_format(loan.wal, sizeof(loan.wal), "SEBEZ_WAL=/proc/self/fd/%d",
	            CHILD_FIRST_FD + spec->fd_count);
	spec->fds[spec->fd_count++] = loan.wal_fd;
	*ret = loan;
	return 0;
}

void backup_wal_lent(struct backup_loan *loan)
{
	if (loan->program_fd >= 0)
		close(loan->program_fd);
	if (loan->wal_fd >= 0)
		close(loan->wal_fd);
	explicit_bzero(loan, sizeof(*loan));
	loan->program_fd = loan->wal_fd = -1;
}

void backup_wal_command(const struct backup_folder *folder, const char *cluster, bool put,
                        char *ret, size_t size)
{
	if (folder->rest)
		backup_rest_command(folder, cluster, put, ret, size);
	else
		path_format(ret, size, "\"$SEBEZ_PROGRAM\" %s \"%%p\"",
		            put ? "wal-put" : "wal-get %f");
}

/* The command's side of the loan. */
static int borrow(struct backup_key *ret_key)
{
	const char *folder = getenv("SEBEZ_WAL"), *text = getenv("SEBEZ_BACKUP_KEY");
	struct secret key;
	int fd;

	*ret_key = (struct backup_key){0};
	if (folder == NULL)
		return -EINVAL;
	if (text != NULL && text[0] != '\0') {
		if (!secret_parse(text, &key))
			return -EINVAL;
		memcpy(ret_key->bytes, key.key, SECRET_BYTES);
		ret_key->given = true;
	}
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int backup_wal_put(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
	int source = open(path, O_RDONLY | O_CLOEXEC);
	struct backup_key key;
	int folder = borrow(&key), rc;

	if (source < 0 || folder < 0 || !is_wal_name(name)) {
		say("wal-put: cannot open %s or the folder for backups", path);
		return 1;
	}
	rc = backup_file_put(folder, name, source, &key, BACKUP_LEVEL_FAST, NULL);
	if (rc == -EEXIST)
		say("wal-put: the folder for backups has another %s: it is the folder of another "
		    "database, or the file there is damaged; it is not replaced",
		    name);
	else if (rc < 0)
		say("wal-put: cannot write %s to the folder for backups: %s", name, strerror(-rc));
	explicit_bzero(&key, sizeof(key));
	close(source);
	close(folder);
	return rc == 0 ? 0 : 1;
}

int backup_wal_get(const char *name, const char *path)
{
	struct backup_key key;
	int folder = borrow(&key), rc, out;

	if (folder < 0 || !is_wal_name(name)) {
		say("wal-get: cannot open the folder for backups");
		return STATUS_BROKEN;
	}
	rc = backup_file_exists(folder, name);
	if (rc == 0)
		return STATUS_MISSING;
	out = rc < 0 ? rc : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (rc > 0)
		rc = out < 0 ? -errno : backup_file_get(folder, name, &key, out);
	explicit_bzero(&key, sizeof(key));
	if (out >= 0 && close(out) != 0 && rc == 0)
		rc = -errno;
	close(folder);
	if (rc == 0)
		return 0;
	say("wal-get: %s cannot be read: %s", name,
	    rc == -EBADMSG ? "it is damaged, or of another key" : strerror(-rc));
	return STATUS_BROKEN;
}

void backup_wal_expire(const struct backup_folder *folder, const char *first)
{
	char name[BACKUP_NAME_MAX];
	const struct dirent *entry;
	struct stat info;
	int fd = openat(folder->wal_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	assert(is_segment(first));
	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL) {
		bool goes;

		path_format(name, sizeof(name), "%s", entry->d_name);
		/* By position, so that what an older timeline has beyond a branch stays as long as
		 * the branch. */
		goes = backup_file_strip(name) && strspn(name, HEX) == WAL_NAME &&
		       strncmp(name + 8, first + 8, 16) < 0;
		if (entry->d_name[0] == '.' && strstr(entry->d_name, ".new") != NULL)
			goes = fstatat(folder->wal_fd, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) ==
			           0 &&
			       time(NULL) - info.st_mtime > LEFT_AGE_S;
		if (goes)
			unlinkat(folder->wal_fd, entry->d_name, 0);
	}
	closedir(dir);
}
