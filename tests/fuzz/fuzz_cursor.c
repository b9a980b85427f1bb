/* Any bytes as a cursor: what is taken is what page_encode would have made. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "web/page.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	char again[PAGE_CURSOR_MAX + 1];
	struct page page = {.sort = 0};

	memcpy(text, data, size);
	text[size] = 0;
	if (page_decode(text, &page)) {
		page_encode(&page, again);
		/* A key that is not negative is in the range of every column a list is sorted by.
		 */
		if (strcmp(text, again) != 0 || page.after_key < 0)
			abort();
	}
	free(text);
	return 0;
}
