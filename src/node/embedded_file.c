#include "node/embedded_file.h"

#include <assert.h>
#include <string.h>

static const struct {
	const char *ending;
	const char *media_type;
} MEDIA_TYPES[] = {
    {".html", "text/html; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".woff2", "font/woff2"},
};

const char *embedded_file_media_type(const char *name)
{
	const char *ending = strrchr(name, '.');

	for (size_t i = 0; ending != NULL && i < sizeof(MEDIA_TYPES) / sizeof(MEDIA_TYPES[0]);
	     i++) {
		if (strcmp(ending, MEDIA_TYPES[i].ending) == 0)
			return MEDIA_TYPES[i].media_type;
	}
	return "application/octet-stream";
}

const struct embedded_file *embedded_file_find(const struct embedded_file files[], size_t count,
                                               const char *name, const char *ending)
{
	assert(count > 0); /* the build embeds them */
	size_t length = strlen(name);

	for (size_t i = 0; i < count; i++) {
		if (strncmp(files[i].name, name, length) == 0 &&
		    strcmp(files[i].name + length, ending) == 0)
			return &files[i];
	}
	return NULL;
}
