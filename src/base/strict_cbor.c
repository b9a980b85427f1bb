#include "base/strict_cbor.h"

#include <assert.h>
#include <cbor.h>
#include <string.h>

#include "base/codec.h"

/* What libcbor's decoder has called back with. */
struct seen {
	bool is_known;
	struct strict_cbor_item item;
	uint64_t number; /* of the head, whose shortest form is checked */
};

static void see(void *arg, enum strict_cbor_kind kind, uint64_t number)
{
	struct seen *seen = arg;

	seen->is_known = true;
	seen->item.kind = kind;
	seen->number = number;
}

static void see_positive(void *arg, uint64_t number)
{
	struct seen *seen = arg;

	see(arg, STRICT_CBOR_INTEGER, number);
	seen->is_known = number <= INT64_MAX;
	seen->item.integer = seen->is_known ? (int64_t)number : 0;
}

static void see_negative(void *arg, uint64_t number)
{
	struct seen *seen = arg;

	see(arg, STRICT_CBOR_INTEGER, number);
	seen->is_known = number <= INT64_MAX;
	seen->item.integer = seen->is_known ? -1 - (int64_t)number : 0;
}

static void positive8(void *arg, uint8_t number)
{
	see_positive(arg, number);
}

static void positive16(void *arg, uint16_t number)
{
	see_positive(arg, number);
}

static void positive32(void *arg, uint32_t number)
{
	see_positive(arg, number);
}

static void negative8(void *arg, uint8_t number)
{
	see_negative(arg, number);
}

static void negative16(void *arg, uint16_t number)
{
	see_negative(arg, number);
}

static void negative32(void *arg, uint32_t number)
{
	see_negative(arg, number);
}

static void see_content(void *arg, enum strict_cbor_kind kind, const uint8_t *bytes, size_t length)
{
	struct seen *seen = arg;

	see(arg, kind, length);
	seen->item.bytes = bytes;
	seen->item.length = length;
}

static void bytes_of(void *arg, cbor_data bytes, size_t length)
{
	see_content(arg, STRICT_CBOR_BYTES, bytes, length);
}

static void text_of(void *arg, cbor_data bytes, size_t length)
{
	struct seen *seen = arg;

	see_content(arg, STRICT_CBOR_TEXT, bytes, length);
	seen->is_known = utf8_is_valid((const char *)bytes, length);
}

static void array_of(void *arg, size_t count)
{
	see_content(arg, STRICT_CBOR_ARRAY, NULL, count);
}

static void map_of(void *arg, size_t count)
{
	see_content(arg, STRICT_CBOR_MAP, NULL, count);
}

static void simple(void *arg)
{
	see(arg, STRICT_CBOR_SIMPLE, 0);
}

static void boolean(void *arg, bool value)
{
	(void)value;
	simple(arg);
}

/* Bytes of the shortest head with that number. */
static size_t shortest(uint64_t number)
{
	if (number < 24)
		return 1;
	if (number <= UINT8_MAX)
		return 2;
	if (number <= UINT16_MAX)
		return 3;
	return number <= UINT32_MAX ? 5 : 9;
}

static struct cbor_callbacks callbacks(void)
{
	struct cbor_callbacks all =
	    cbor_empty_callbacks; /* of what they ignore, nothing is known */

	all.uint8 = positive8;
	all.uint16 = positive16;
	all.uint32 = positive32;
	all.uint64 = see_positive;
	all.negint8 = negative8;
	all.negint16 = negative16;
	all.negint32 = negative32;
	all.negint64 = see_negative;
	all.byte_string = bytes_of;
	all.string = text_of;
	all.array_start = array_of;
	all.map_start = map_of;
	all.null = simple;
	all.boolean = boolean;
	return all;
}

bool strict_cbor_read(struct strict_cbor *cbor, struct strict_cbor_item *ret)
{
	const struct cbor_callbacks all = callbacks();
	struct seen seen = {.is_known = false};

	if (cbor->left == 0)
		return false;
	struct cbor_decoder_result result = cbor_stream_decode(cbor->at, cbor->left, &all, &seen);

	if (result.status != CBOR_DECODER_FINISHED || !seen.is_known)
		return false;
	assert(result.read > 0 && result.read <= cbor->left);
	size_t content = seen.item.bytes != NULL ? seen.item.length : 0;

	if (result.read - content != shortest(seen.number))
		return false;
	cbor->at += result.read;
	cbor->left -= result.read;
	*ret = seen.item;
	return true;
}

bool strict_cbor_expect(struct strict_cbor *cbor, enum strict_cbor_kind kind,
                        struct strict_cbor_item *ret)
{
	return strict_cbor_read(cbor, ret) && ret->kind == kind;
}

bool strict_cbor_skip(struct strict_cbor *cbor)
{
	size_t missing[STRICT_CBOR_DEPTH + 1] = {1}; /* items at each level */
	int depth = 0;

	while (depth >= 0) {
		struct strict_cbor_item item;

		if (missing[depth] == 0) {
			depth--;
			continue;
		}
		missing[depth]--;
		if (!strict_cbor_read(cbor, &item))
			return false;
		if (item.kind != STRICT_CBOR_ARRAY && item.kind != STRICT_CBOR_MAP)
			continue;
		/* Every item takes a byte, so no number of them overflows. */
		if (depth == STRICT_CBOR_DEPTH || item.length > cbor->left)
			return false;
		missing[++depth] = item.kind == STRICT_CBOR_MAP ? 2 * item.length : item.length;
	}
	return true;
}
