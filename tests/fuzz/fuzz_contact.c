/* Any text: masked, nothing is left to mask; what would be masked holds it, and nothing else. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "shop/chat/contact.h"

static const struct contact_rules MASK = {
    {CONTACT_RULE_MASK, CONTACT_RULE_MASK, CONTACT_RULE_MASK}};
static const struct contact_rules HOLD = {
    {CONTACT_RULE_HOLD, CONTACT_RULE_HOLD, CONTACT_RULE_HOLD}};

static void judge(struct arena *arena, const char *text)
{
	struct contact_verdict masked = contact_judge(arena, &MASK, text);
	struct contact_verdict held = contact_judge(arena, &HOLD, text);

	if (!utf8_is_valid(masked.text, strlen(masked.text)) || masked.held != 0)
		abort();
	if (contact_judge(arena, &MASK, masked.text).text != masked.text)
		abort();
	if (contact_judge(arena, &HOLD, masked.text).held != 0)
		abort();
	if (held.text != text || (held.held != 0) != (masked.text != text))
		abort();
	if (utf8_length(masked.text, strlen(masked.text)) > utf8_length(text, strlen(text)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(64 * 1024 * 1024, NULL, NULL);
	char *text = arena_strndup(arena, (const char *)data, size);

	if (size <= 16 * 1024 && utf8_is_valid(text, strlen(text))) {
		judge(arena, text);
		(void)contact_is_reaction(arena, text);
	}
	arena_free(arena);
	return 0;
}
