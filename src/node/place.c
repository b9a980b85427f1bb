#include "node/place.h"

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
	char copy[PLACE_PATH_MAX];

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

int place_find(const struct config *config, char *ret, size_t size)
{
	char real[PATH_MAX];

	if (realpath(config->data, real) == NULL)
		return -errno;
	if (strlen(real) >= size)
		return -ENAMETOOLONG;
	memcpy(ret, real, strlen(real) + 1);
	return 0;
}

int place_become_owner(const struct config *config)
{
	char data[PLACE_PATH_MAX - 64], lock[PLACE_PATH_MAX];
	const struct passwd *user;
	struct stat info;

	if (geteuid() != 0 || config->run_as[0] != '\0' ||
	    place_find(config, data, sizeof(data)) < 0)
		return 0;
	path_format(lock, sizeof(lock), "%s/lock", data);
	if ((lstat(lock, &info) != 0 && lstat(data, &info) != 0) || info.st_uid == 0)
		return 0;
	user = getpwuid(info.st_uid);
	if (user == NULL || initgroups(user->pw_name, user->pw_gid) != 0 ||
	    setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0) {
		say("cannot become the owner of the data folder %s", data);
		return -EPERM;
	}
	return 0;
}

static int choose_user(const struct config *config, struct place *place)
{
	const struct passwd *user;

	place->uid = geteuid();
	place->gid = getegid();
	place->switches_user = place->uid == 0;
	if (!place->switches_user) {
		user = getpwuid(place->uid);
	} else if (config->run_as[0] != '\0') {
		user = getpwnam(config->run_as);
	} else {
		user = getpwnam("postgres");
		if (user == NULL)
			user = getpwnam("nobody");
	}
	if (user == NULL || (place->switches_user && user->pw_uid == 0)) {
		say("SEBEZ_RUN_AS must be an ordinary user of this machine");
		return -EINVAL;
	}
	if (place->switches_user) {
		place->uid = user->pw_uid;
		place->gid = user->pw_gid;
	}
	path_format(place->user, sizeof(place->user), "%s", user->pw_name);
	return 0;
}

/* Whether the children can enter the folder: asked of the kernel, by somebody who is one. */
static bool is_reachable(const struct place *place, const char *path)
{
	int status = 0;
	pid_t pid;

	if (!place->switches_user)
		return true;
	pid = fork();
	if (pid == 0) {
		if (setgroups(0, NULL) != 0 || setgid(place->gid) != 0 || setuid(place->uid) != 0)
			_exit(1);
		_exit(access(path, X_OK) == 0 ? 0 : 1);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

int place_make_folder(const struct place *place, const char *path)
{
	struct stat info;

	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return -errno;
	if (lstat(path, &info) != 0)
		return -errno;
	/* In /tmp anybody may have made it before us. */
	if (!S_ISDIR(info.st_mode) || (info.st_uid != geteuid() && info.st_uid != place->uid))
		return -EPERM;
	if (place->switches_user && lchown(path, place->uid, place->gid) != 0)
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

/* A short folder elsewhere for the sockets of this data folder, the same at each start. */
static void choose_far_run(struct place *place)
{
	const char *base = getenv("XDG_RUNTIME_DIR");
	unsigned char hash[16];
	char text[33];

	crypto_generichash(hash, sizeof(hash), (const unsigned char *)place->data,
	                   strlen(place->data), NULL, 0);
	sodium_bin2hex(text, sizeof(text), hash, sizeof(hash));
	text[16] = '\0';
	if (place->switches_user)
		base = access("/run", W_OK) == 0 ? "/run" : "/tmp";
	else if (base == NULL || base[0] != '/' || strlen(base) > 48 || access(base, W_OK) != 0)
		base = "/tmp";
	path_format(place->run, sizeof(place->run), "%.48s/sebez-%s", base, text);
}

/* What has a meaning in lists of folders, in postgresql.conf or in a conninfo, is not in it. */
static bool is_plain(const char *path)
{
	return path[strcspn(path, "'\",\\\n")] == '\0';
}

static int make_run(struct place *place)
{
	char near[PLACE_PATH_MAX];
	char link[PLACE_PATH_MAX];
	FILE *file;
	int rc;

	place_path(place, "run", near, sizeof(near));
	if (place->reachable && strlen(near) < sizeof(place->run) && is_plain(near)) {
		memcpy(place->run, near, strlen(near) + 1);
		rc = place_make_folder(place, near);
	} else {
		place_path(place, "run.path", link, sizeof(link));
		read_run_path(link, place->run, sizeof(place->run));
		if (place->run[0] != '/' || place_make_folder(place, place->run) != 0)
			choose_far_run(place);
		rc = place_make_folder(place, place->run);
		file = fopen(link, "we");
		if (file != NULL) {
			fprintf(file, "%s\n", place->run);
			fclose(file);
		}
	}
	if (rc < 0)
		say("cannot make the folder %s for sockets: %s", place->run[0] ? place->run : near,
		    strerror(-rc));
	return rc;
}

int place_make_run(const struct place *place)
{
	return place_make_folder(place, place->run);
}

void place_remove_run(const struct place *place)
{
	/* What a service leaves there that was killed. */
	static const char *const SOCKETS[] = {".s.PGSQL.5432", ".s.PGSQL.5432.lock", "redis.sock"};
	size_t length = strlen(place->data);
	char path[PLACE_RUN_MAX + 32];

	if (place->run[0] == '\0' ||
	    (strncmp(place->run, place->data, length) == 0 && place->run[length] == '/'))
		return;
	for (size_t i = 0; i < sizeof(SOCKETS) / sizeof(SOCKETS[0]); i++) {
		path_format(path, sizeof(path), "%s/%s", place->run, SOCKETS[i]);
		unlink(path);
	}
	rmdir(place->run);
}

/* The folders of embedded services. */
static int make_folders(struct place *place)
{
	char log[PLACE_PATH_MAX];
	int rc;

	place->reachable = is_reachable(place, place->data);
	place_path(place, "log", log, sizeof(log));
	if (mkdir(log, 0755) != 0 && errno != EEXIST) {
		rc = -errno;
		say("cannot make %s: %s", log, strerror(-rc));
		return rc;
	}
	return make_run(place);
}

int place_open(const struct config *config, struct place *ret)
{
	struct place place = {0};
	int rc = choose_user(config, &place);

	if (rc < 0)
		return rc;
	rc = make_parents(config->data);
	if (rc == 0)
		rc = place_find(config, place.data, sizeof(place.data) - 64);
	if (rc < 0) {
		say("cannot use the data folder %s (SEBEZ_DATA): %s", config->data, strerror(-rc));
		return rc;
	}
	if (config->database_url[0] == '\0' || config->redis_url[0] == '\0')
		rc = make_folders(&place);
	if (rc == 0)
		*ret = place;
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

void place_path(const struct place *place, const char *name, char *ret, size_t size)
{
	path_format(ret, size, "%s/%s", place->data, name);
}

int place_open_log(const struct place *place, const char *name)
{
	char path[PLACE_PATH_MAX];
	char aside[PLACE_PATH_MAX + 8];
	struct stat info;

	path_format(path, sizeof(path), "%s/log/%s.log", place->data, name);
	if (stat(path, &info) == 0 && info.st_size > LOG_BYTES_MAX) {
		path_format(aside, sizeof(aside), "%s.1", path);
		rename(path, aside);
	}
	return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
}

struct child_spec place_child(const struct place *place, const char *program,
                              const char *const argv[])
{
	return (struct child_spec){
	    .program = program,
	    .argv = argv,
	    .switches_user = place->switches_user,
	    .uid = place->uid,
	    .gid = place->gid,
	    .output_fd = -1,
	};
}
