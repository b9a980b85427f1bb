/* Any bytes as a JSON body: either all of the input is good, or the errors are valid JSON. */
#include "fuzz.h"

#include <jansson.h>
#include <stdlib.h>

#include "thing.h"
#include "web/validate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(64 * 1024 * 1024, NULL, NULL);
	struct thing thing = {.limit = 0};
	struct check check;

	check_init(&check, arena);
	validate_defaults(&THING, &thing);
	validate_body(&check, &THING, (const char *)data, size, &thing);
	const char *errors = check_errors(&check);

	if (errors != NULL) {
		json_t *json = json_loads(errors, 0, NULL);

		if (json_array_size(json) == 0)
			abort();
		json_decref(json);
	} else if (thing.name == NULL || thing.parts_count > 3 || thing.big < 0) {
		abort();
	}
	arena_free(arena);
	return 0;
}
