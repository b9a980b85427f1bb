/* Any bytes as a query, an Accept-Language header, an If-Match and an Idempotency-Key. */
#include "fuzz.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "thing.h"
#include "web/etag.h"
#include "web/idempotency.h"
#include "web/language.h"
#include "web/validate.h"

static void read_query(struct arena *arena, const char *text)
{
	struct thing thing = {.limit = 0};
	struct check check;

	check_init(&check, arena);
	validate_defaults(&THING, &thing);
	validate_query(&check, &THING, text, &thing);
	const char *errors = check_errors(&check);

	if (errors != NULL) {
		json_t *json = json_loads(errors, 0, NULL);

		if (json_array_size(json) == 0)
			abort();
		json_decref(json);
	} else if (thing.limit < 1 || thing.limit > 100 || thing.tags_count > 3) {
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const OFFERED[] = {"en", "de", "pt-BR", NULL};
	struct arena *arena = arena_new(64 * 1024 * 1024, NULL, NULL);
	char *text = malloc(size + 1);
	char key[IDEMPOTENCY_KEY_MAX + 1];
	int32_t versions[4] = {1, 1, 1, 1};
	size_t count = 0;

	memcpy(text, data, size);
	text[size] = 0;
	read_query(arena, text);
	if (language_choose(text, OFFERED) == NULL)
		abort();
	(void)etag_matches(text, "\"0123456789abcdef\"");
	if (!etag_versions(text, 4, versions, &count) && count > 4)
		abort();
	for (size_t i = 0; i < count; i++)
		if (versions[i] <= 0)
			abort();
	if (idempotency_parse(text, key) && strlen(key) == 0)
		abort();
	free(text);
	arena_free(arena);
	return 0;
}
