#include "node/files.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "node/data_folder.h"
#include "node/media_worker.h"
#include "node/paper.h"

enum { STEADY_LOOKS = 2 };

/* What a program loads or starts later, relative to its folder. */
static const struct companion {
	const char *program, *path;
} COMPANIONS[] = {
    {"/postgres", "../lib/pg_trgm.so"}, {"/postgres", "../lib/unaccent.so"},
    {"/postgres", "../lib/plpgsql.so"}, {"/postgres", "../lib/dict_snowball.so"},
    {"/sebez", MEDIA_WORKER_PROGRAM},   {"/sebez", PAPER_WORKER_PROGRAM},
};

static uint64_t fingerprint_of(const char *path)
{
	struct stat info;
	char text[128];

	if (stat(path, &info) != 0)
		return 0;
	path_format(text, sizeof(text), "%ju %ju %jd %jd.%ld", (uintmax_t)info.st_dev,
	            (uintmax_t)info.st_ino, (intmax_t)info.st_size, (intmax_t)info.st_mtim.tv_sec,
	            info.st_mtim.tv_nsec);
	return hash_plain(text, strlen(text)) | 1;
}

/* 0 when the program does not exist. */
static uint64_t fingerprint(const char *program)
{
	uint64_t sum = fingerprint_of(program);
	const char *name = strrchr(program, '/');
	char path[sizeof(((struct files *)0)->program) + 32];

	assert(sum == 0 || name != NULL); /* a program's path is absolute */
	if (sum == 0)
		return 0;
	for (size_t i = 0; i < sizeof(COMPANIONS) / sizeof(COMPANIONS[0]); i++) {
		if (strcmp(name, COMPANIONS[i].program) != 0)
			continue;
		path_format(path, sizeof(path), "%.*s/%s", (int)(name - program), program,
		            COMPANIONS[i].path);
		sum = sum * 31 + fingerprint_of(path);
	}
	return sum | 1;
}

void files_begin(struct files *files, pid_t pid)
{
	char link[64];
	ssize_t length;

	assert(pid > 0);
	*files = (struct files){0};
	path_format(link, sizeof(link), "/proc/%d/exe", (int)pid);
	length = readlink(link, files->program, sizeof(files->program) - 1);
	if (length <= 0 || length == (ssize_t)sizeof(files->program) - 1)
		length = 0;
	files->program[length] = '\0';
	files->started = fingerprint(files->program);
}

/* Whether the process has mapped code whose file was deleted or replaced. */
static bool has_lost_library(pid_t pid)
{
	char path[64], line[1024];
	bool lost = false;
	FILE *file;

	path_format(path, sizeof(path), "/proc/%d/maps", (int)pid);
	file = fopen(path, "re");
	if (file == NULL)
		return false;
	while (!lost && fgets(line, sizeof(line), file) != NULL) {
		const char *name = strchr(line, '/');

		/* 7f00-7f01 r-xp 00000000 08:01 123 /usr/lib/libc.so.6 (deleted) */
		lost = name != NULL && strstr(line, "xp ") != NULL && strstr(line, "xp ") < name &&
		       strstr(name, " (deleted)\n") != NULL;
	}
	fclose(file);
	return lost;
}

enum files_change files_look(struct files *files, pid_t pid)
{
	uint64_t now = fingerprint(files->program);
	bool lost = has_lost_library(pid);

	files->whole |= !lost;
	/* A restart cannot fix a library that was already missing at the start. */
	if (files->started == 0 || (now == files->started && !(lost && files->whole))) {
		files->steady = 0;
		files->reported = false;
		return FILES_SAME;
	}
	if (now != files->latest) {
		files->steady = 0;
		files->reported = false;
	}
	files->latest = now;
	if (++files->steady <= STEADY_LOOKS || files->reported)
		return FILES_SAME;
	files->reported = true;
	if (now == 0)
		return FILES_GONE;
	return now == files->started ? FILES_LIBRARY_REPLACED : FILES_REPLACED;
}
