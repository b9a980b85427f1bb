/* Any bytes as what an S3 answers: a list has at most as many entries as were asked for, each with
 * a key and a size. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "store/s3_internal.h"

enum { COUNT_MAX = 3 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(64 * 1024 * 1024, NULL, NULL);
	char *text = malloc(size + 1); /* of its exact size, as a body is */
	struct object_entry *entries;
	size_t count = COUNT_MAX + 1;
	const char *code;
	bool more;

	memcpy(text, data, size);
	text[size] = '\0';
	code = s3_xml_text(arena, text, size, "Code");
	if (code != NULL && strlen(code) > size)
		abort();
	if (s3_xml_list(arena, text, size, COUNT_MAX, &count, &entries, &more) == 0) {
		if (count > COUNT_MAX)
			abort();
		for (size_t i = 0; i < count; i++)
			if (entries[i].key == NULL || entries[i].bytes < 0)
				abort();
	}
	free(text);
	arena_free(arena);
	return 0;
}
