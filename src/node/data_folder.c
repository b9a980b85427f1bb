#include "node/data_folder.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "node/say.h"

enum { LOG_BYTES_MAX = 10 * 1024 * 1024 };

static int make_parents(const char *path)
{
	char copy[DATA_FOLDER_PATH_MAX];

	assert(path[0] != '\0'); /* a setting's minimum length */
	path_format(copy, sizeof(copy), "%s", path);
	for (char *at = copy + 1; *at != '\0'; at++) {
		if (*at != '/')
			continue;
		*at = '\0';
		if (mkdir(copy, 0755) != 0 && errno != EEXIST)
			return -errno;
		*at = '/';
	}
	return mkdir(copy, 0755) != 0 && errno != EEXIST ? -errno : 0;
}

int data_folder_find(const struct config *config, char *ret, size_t size)
{
	char real[PATH_MAX];

	if (realpath(config->data, real) == NULL)
		return -errno;
	if (strlen(real) >= size)
		return -ENAMETOOLONG;
	memcpy(ret, real, strlen(real) + 1);
	return 0;
}

/* Else libpq of the user who is switched to would look for certificates in root's home, and fail
 * because it may not enter it. Without the variable it takes that user's own. */
static void leave_home_of_root(void)
{
	assert(geteuid() == 0);
	(void)unsetenv("HOME");
}

int data_folder_become_owner(const struct config *config)
{
	char data[DATA_FOLDER_PATH_MAX - 64], lock[DATA_FOLDER_PATH_MAX];
	const struct passwd *user;
	struct stat info;

	if (geteuid() != 0 || config->run_as[0] != '\0' ||
	    data_folder_find(config, data, sizeof(data)) < 0)
		return 0;
	path_format(lock, sizeof(lock), "%s/lock", data);
	if ((lstat(lock, &info) != 0 && lstat(data, &info) != 0) || info.st_uid == 0)
		return 0;
	leave_home_of_root();
	user = getpwuid(info.st_uid);
	if (user == NULL || initgroups(user->pw_name, user->pw_gid) != 0 ||
	    setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0) {
		say("cannot switch to the owner of the data folder %s", data);
		return -EPERM;
	}
	return 0;
}

static int choose_user(const struct config *config, struct data_folder *data_folder)
{
	const struct passwd *user;

	data_folder->uid = geteuid();
	data_folder->gid = getegid();
	data_folder->switches_user = data_folder->uid == 0;
	if (!data_folder->switches_user) {
		user = getpwuid(data_folder->uid);
	} else if (config->run_as[0] != '\0') {
		user = getpwnam(config->run_as);
	} else {
		user = getpwnam("postgres");
		if (user == NULL)
			user = getpwnam("nobody");
	}
	/* A container may run as a user id that has no name; PostgreSQL needs one. */
	if (user == NULL && !data_folder->switches_user && !config_needs_folder(config))
		return 0;
	if (user == NULL || (data_folder->switches_user && user->pw_uid == 0)) {
		say("SEBEZ_RUN_AS must be an ordinary user of this machine");
		return -EINVAL;
	}
	if (data_folder->switches_user) {
		leave_home_of_root();
		data_folder->uid = user->pw_uid;
		data_folder->gid = user->pw_gid;
	}
	assert(data_folder->uid != 0); /* PostgreSQL refuses root */
	path_format(data_folder->user, sizeof(data_folder->user), "%s", user->pw_name);
	return 0;
}

/* Checked with access() in a forked process that has
 * switched to their user. */
bool data_folder_is_reachable(const struct data_folder *data_folder, const char *path)
{
	int status = 0;
	pid_t pid;

	if (!data_folder->switches_user)
		return true;
	pid = fork();
	if (pid == 0) {
		if (setgroups(0, NULL) != 0 || setgid(data_folder->gid) != 0 ||
		    setuid(data_folder->uid) != 0)
			_exit(1);
		_exit(access(path, X_OK) == 0 ? 0 : 1);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

int data_folder_make_folder(const struct data_folder *data_folder, const char *path)
{
	struct stat info;

	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return -errno;
	if (lstat(path, &info) != 0)
		return -errno;
	/* In /tmp another user may have created it first. */
	if (!S_ISDIR(info.st_mode) || (info.st_uid != geteuid() && info.st_uid != data_folder->uid))
		return -EPERM;
	if (data_folder->switches_user && lchown(path, data_folder->uid, data_folder->gid) != 0)
		return -errno;
	return chmod(path, 0700) != 0 ? -errno : 0;
}

static void read_run_path(const char *path, char *ret, size_t size)
{
	FILE *file = fopen(path, "re");

	ret[0] = '\0';
	if (file == NULL)
		return;
	if (fgets(ret, (int)size, file) == NULL)
		ret[0] = '\0';
	ret[strcspn(ret, "\n")] = '\0';
	fclose(file);
}

/* Chooses a short path outside the data folder for its sockets, the same at each start. */
static void choose_far_run(struct data_folder *data_folder)
{
	const char *base = getenv("XDG_RUNTIME_DIR");
	unsigned char hash[16];
	char text[33];

	crypto_generichash(hash, sizeof(hash), (const unsigned char *)data_folder->data,
	                   strlen(data_folder->data), NULL, 0);
	sodium_bin2hex(text, sizeof(text), hash, sizeof(hash));
	text[16] = '\0';
	if (data_folder->switches_user)
		base = access("/run", W_OK) == 0 ? "/run" : "/tmp";
	else if (base == NULL || base[0] != '/' || strlen(base) > 48 || access(base, W_OK) != 0)
		base = "/tmp";
	_Static_assert(DATA_FOLDER_RUN_MAX > 48 + sizeof("/sebez-") + 16, "the path fits");
	assert(base[0] == '/');
	path_format(data_folder->run, sizeof(data_folder->run), "%.48s/sebez-%s", base, text);
}

/* False for characters with a special meaning in lists of folders, postgresql.conf or a
 * conninfo. */
static bool is_plain(const char *path)
{
	return path[strcspn(path, "'\",\\\n")] == '\0';
}

static int make_run(struct data_folder *data_folder)
{
	char near[DATA_FOLDER_PATH_MAX];
	char link[DATA_FOLDER_PATH_MAX];
	FILE *file;
	int rc;

	data_folder_path(data_folder, "run", near, sizeof(near));
	if (data_folder->reachable && strlen(near) < sizeof(data_folder->run) && is_plain(near)) {
		memcpy(data_folder->run, near, strlen(near) + 1);
		rc = data_folder_make_folder(data_folder, near);
	} else {
		data_folder_path(data_folder, "run.path", link, sizeof(link));
		read_run_path(link, data_folder->run, sizeof(data_folder->run));
		if (data_folder->run[0] != '/' ||
		    data_folder_make_folder(data_folder, data_folder->run) != 0)
			choose_far_run(data_folder);
		rc = data_folder_make_folder(data_folder, data_folder->run);
		file = fopen(link, "we");
		if (file != NULL) {
			fprintf(file, "%s\n", data_folder->run);
			fclose(file);
		}
	}
	if (rc < 0)
		say("cannot create the folder %s for sockets: %s",
		    data_folder->run[0] ? data_folder->run : near, strerror(-rc));
	return rc;
}

int data_folder_make_run(const struct data_folder *data_folder)
{
	return data_folder_make_folder(data_folder, data_folder->run);
}

void data_folder_remove_run(const struct data_folder *data_folder)
{
	/* Files left behind by a killed service. */
	static const char *const SOCKETS[] = {".s.PGSQL.5432", ".s.PGSQL.5432.lock", "redis.sock"};
	size_t length = strlen(data_folder->data);
	char path[DATA_FOLDER_RUN_MAX + 32];

	if (data_folder->run[0] == '\0' ||
	    (strncmp(data_folder->run, data_folder->data, length) == 0 &&
	     data_folder->run[length] == '/'))
		return;
	for (size_t i = 0; i < sizeof(SOCKETS) / sizeof(SOCKETS[0]); i++) {
		path_format(path, sizeof(path), "%s/%s", data_folder->run, SOCKETS[i]);
		unlink(path);
	}
	rmdir(data_folder->run);
}

/* Creates the folders of embedded services. */
static int make_folders(struct data_folder *data_folder)
{
	char log[DATA_FOLDER_PATH_MAX];
	int rc;

	data_folder->reachable = data_folder_is_reachable(data_folder, data_folder->data);
	data_folder_path(data_folder, "log", log, sizeof(log));
	if (mkdir(log, 0755) != 0 && errno != EEXIST) {
		rc = -errno;
		say("cannot create %s: %s", log, strerror(-rc));
		return rc;
	}
	return make_run(data_folder);
}

/* Makes the folder itself and finds its absolute path. */
static int make_data(const struct config *config, struct data_folder *data_folder)
{
	char here[DATA_FOLDER_PATH_MAX / 8] = "";
	int rc = make_parents(config->data);

	if (rc == 0)
		rc = data_folder_find(config, data_folder->data, sizeof(data_folder->data) - 64);
	if (config_needs_folder(config))
		return rc;
	if (rc == 0 && access(data_folder->data, W_OK) == 0)
		return 0;
	data_folder->absent = true;
	if (rc < 0 && config->data[0] != '/' && getcwd(here, sizeof(here)) == NULL)
		return -errno;
	if (rc < 0)
		path_format(data_folder->data, sizeof(data_folder->data), "%s/%s", here,
		            config->data);
	return 0;
}

int data_folder_open(const struct config *config, struct data_folder *ret)
{
	struct data_folder data_folder = {0};
	int rc = choose_user(config, &data_folder);

	if (rc < 0)
		return rc;
	rc = make_data(config, &data_folder);
	if (rc < 0) {
		say("cannot use the data folder %s (SEBEZ_DATA): %s", config->data, strerror(-rc));
		return rc;
	}
	if (config->database_url[0] == '\0' || config->redis_url[0] == '\0')
		rc = make_folders(&data_folder);
	assert(rc < 0 || data_folder.data[0] == '/');
	if (rc == 0)
		*ret = data_folder;
	return rc;
}

void path_format(char *ret, size_t size, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(ret, size, format, args);
	va_end(args);
	assert(length >= 0 && (size_t)length < size);
}

void data_folder_path(const struct data_folder *data_folder, const char *name, char *ret,
                      size_t size)
{
	path_format(ret, size, "%s/%s", data_folder->data, name);
}

int data_folder_open_log(const struct data_folder *data_folder, const char *name)
{
	char path[DATA_FOLDER_PATH_MAX];
	char aside[DATA_FOLDER_PATH_MAX + 8];
	struct stat info;

	path_format(path, sizeof(path), "%s/log/%s.log", data_folder->data, name);
	if (stat(path, &info) == 0 && info.st_size > LOG_BYTES_MAX) {
		path_format(aside, sizeof(aside), "%s.1", path);
		rename(path, aside);
	}
	return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
}

struct child_spec data_folder_child(const struct data_folder *data_folder, const char *program,
                                    const char *const argv[])
{
	assert(data_folder->uid != 0 || !data_folder->switches_user);
	return (struct child_spec){
	    .program = program,
	    .argv = argv,
	    .switches_user = data_folder->switches_user,
	    .uid = data_folder->uid,
	    .gid = data_folder->gid,
	    .output_fd = -1,
	};
}
