/* NAME_FILE: settings whose values are in files. */
#include "node/config_files.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/config.h"

#define SUFFIX "_FILE"

enum { NAME_MAX_BYTES = 64, CONTENT_MAX = 4096 }; /* twice the longest setting */

static bool is_given(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && value[0] != '\0'; /* as for all settings */
}

/* Reads a whole file, which may be a pipe; returns its length or -errno. */
static ssize_t read_whole(const char *path, char *ret, size_t size)
{
	size_t length = 0;
	ssize_t count = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	while (length < size) {
		count = read(fd, ret + length, size - length);
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			break;
		length += (size_t)count;
	}
	if (count < 0)
		count = -errno;
	close(fd);
	return count < 0 ? count : (ssize_t)length;
}

/* Ends the text before its last newline; returns a reason when it can be no value. */
static const char *trim(char *text, ssize_t length)
{
	if (length < 0)
		return strerror((int)-length);
	assert(length <= CONTENT_MAX);
	if (length == CONTENT_MAX)
		return "it is too long";
	if (length > 0 && text[length - 1] == '\n')
		length--;
	if (length == 0)
		return "it is empty";
	text[length] = '\0';
	return strlen(text) == (size_t)length ? NULL : "it has a NUL byte";
}

static int take_file(const char *name, const char *name_of_file, char *error, size_t error_size)
{
	char text[CONTENT_MAX + 1];
	const char *path = getenv(name_of_file);
	const char *reason;

	assert(path != NULL);
	if (is_given(name)) {
		snprintf(error, error_size, "%s and %s are both set: unset one", name,
		         name_of_file);
		return -EINVAL;
	}
	reason = trim(text, read_whole(path, text, CONTENT_MAX));
	if (reason != NULL) {
		snprintf(error, error_size, "%s names the file %.100s, which cannot be used: %s",
		         name_of_file, path, reason);
		return -EINVAL;
	}
	int rc = setenv(name, text, 1);

	assert(rc == 0 && getenv(name) != NULL);
	unsetenv(name_of_file);
	explicit_bzero(text, sizeof(text));
	return 0;
}

int config_take_files(char *error, size_t error_size)
{
	char name_of_file[NAME_MAX_BYTES + sizeof(SUFFIX)];
	int rc = 0;

	for (size_t i = 0; i < OPTION_COUNT && rc == 0; i++) {
		const char *name = OPTIONS[i].name;

		assert(strlen(name) <= NAME_MAX_BYTES);
		snprintf(name_of_file, sizeof(name_of_file), "%s" SUFFIX, name);
		if (is_given(name_of_file))
			rc = take_file(name, name_of_file, error, error_size);
	}
	return rc;
}
