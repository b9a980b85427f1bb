#include "shop/chat/contact.h"

#include <assert.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>

#include "shop/chat/points.h"

enum {
	PHONE_DIGITS = 9, /* at least; fewer are a date or a price */
	PHONE_SIGNS = 2,  /* at most, between two digits of one number */
	BULLET = 0x2022,
	BULLETS = 3,         /* replace a masked contact */
	VARIANT_16 = 0xFE0F, /* variation selector: emoji presentation */
	KEY_CAP = 0x20E3,
	FLAG_A = 0x1F1E6, /* regional indicators, two for each flag */
	FLAG_Z = 0x1F1FF,
	DECOMPOSED_MAX = 32, /* UTF-16 units; the longest decomposition has 18 */
};

const char *const CONTACT_NAMES[CONTACT_COUNT] = {
    [CONTACT_EMAIL] = "email",
    [CONTACT_LINK] = "link",
    [CONTACT_PHONE] = "phone",
};

_Static_assert(CONTACT_COUNT <= 8 * sizeof(unsigned), "kinds are bits");

struct span {
	size_t begin, end;
};

static bool one_of(int32_t c, const char *signs)
{
	return c > 0 && c < 0x80 && strchr(signs, (char)c) != NULL;
}

static bool is_digit(struct points text, size_t at)
{
	int32_t c = points_get(text, at);

	return c >= '0' && c <= '9';
}

/* -- e-mail addresses ------------------------------------------------------------------------- */

static size_t label_end(struct points text, size_t at)
{
	while (points_is_letter_or_digit(text, at) || points_get(text, at) == '-')
		at++;
	return at;
}

/* The end of the domain that begins at `at`; 0 when there is none. */
static size_t domain_end(struct points text, size_t at)
{
	size_t end = label_end(text, at), dots = 0;

	if (end == at)
		return 0;
	for (; points_get(text, end) == '.'; dots++) {
		size_t label = label_end(text, end + 1);

		if (label == end + 1)
			break;
		end = label;
	}
	return dots > 0 ? end : 0;
}

/* Finds the address around the @ at `at`. */
static bool email_around(struct points text, size_t from, size_t at, struct span *ret)
{
	size_t begin = at, end;

	while (begin > from && (points_is_letter_or_digit(text, begin - 1) ||
	                        one_of(points_get(text, begin - 1), "._%+-")))
		begin--;
	if (begin == at)
		return false;
	end = domain_end(text, at + 1);
	if (end == 0)
		return false;
	assert(begin < at && at + 1 < end && end <= text.count);
	*ret = (struct span){begin, end};
	return true;
}

static bool find_email(struct points text, size_t from, struct span *ret)
{
	for (size_t at = from; at < text.count; at++)
		if (text.at[at] == '@' && email_around(text, from, at, ret))
			return true;
	return false;
}

/* -- links ------------------------------------------------------------------------------------ */

static bool is_word(struct points text, size_t at)
{
	return points_is_letter_or_digit(text, at) || points_get(text, at) == '_';
}

static size_t space_after(struct points text, size_t at)
{
	while (at < text.count && !points_is_space(text, at))
		at++;
	return at;
}

/* The end of a link that begins at `at` with a scheme or "www."; 0 when there is none. */
static size_t scheme_end(struct points text, size_t at)
{
	static const char *const BEGINNINGS[] = {"http://", "https://", "www."};

	for (size_t i = 0; i < sizeof(BEGINNINGS) / sizeof(BEGINNINGS[0]); i++) {
		size_t after = points_word(text, at, BEGINNINGS[i]);

		if (after > 0 && space_after(text, after) > after)
			return space_after(text, after);
	}
	return 0;
}

static size_t top_level_end(struct points text, size_t at)
{
	static const char *const DOMAINS[] = {"com",  "net",   "org", "info", "biz",
	                                      "shop", "store", "io",  "me",   "co",
	                                      "de",   "fr",    "uk",  "ru",   "cn"};

	for (size_t i = 0; i < sizeof(DOMAINS) / sizeof(DOMAINS[0]); i++) {
		size_t end = points_word(text, at, DOMAINS[i]);

		if (end > 0 && !is_word(text, end))
			return end;
	}
	return 0;
}

/* The end of a host and its path that begin at `at`; 0 when there is none, and then none begins
 * before *ret_next. */
static size_t host_end(struct points text, size_t at, size_t *ret_next)
{
	size_t label = label_end(text, at), end = 0;

	if (points_get(text, label) == '.')
		end = top_level_end(text, label + 1);
	*ret_next = label;
	return end > 0 && points_get(text, end) == '/' ? space_after(text, end) : end;
}

static bool find_link(struct points text, size_t from, struct span *ret)
{
	size_t next_host = from;

	for (size_t at = from; at < text.count; at++) {
		size_t end = scheme_end(text, at), host = 0;

		if (at >= next_host && points_is_letter_or_digit(text, at) &&
		    (at == 0 || !is_word(text, at - 1)))
			host = host_end(text, at, &next_host);
		if (host > end)
			end = host;
		*ret = (struct span){at, end};
		if (end > 0)
			return true;
	}
	return false;
}

/* -- telephone numbers ------------------------------------------------------------------------ */

/* The end of the digits that begin at `at`, with a few signs in between; *ret_digits is their
 * count. */
static size_t number_end(struct points text, size_t at, size_t *ret_digits)
{
	size_t end = at;

	for (*ret_digits = 0; is_digit(text, at); (*ret_digits)++) {
		end = ++at;
		while (at - end < PHONE_SIGNS && one_of(points_get(text, at), " ()./-"))
			at++;
	}
	assert(end <= text.count);
	return end;
}

static bool find_phone(struct points text, size_t from, struct span *ret)
{
	for (size_t at = from; at < text.count; at++) {
		size_t digits, end = number_end(text, at, &digits);

		if (digits >= PHONE_DIGITS) {
			bool plus = at > from && text.at[at - 1] == '+';
			*ret = (struct span){plus ? at - 1 : at, end};
			return true;
		}
		if (digits > 0)
			at = end - 1;
	}
	return false;
}

/* -- the rules -------------------------------------------------------------------------------- */

typedef bool find_fn(struct points text, size_t from, struct span *ret);

static find_fn *const FIND[CONTACT_COUNT] = {
    [CONTACT_EMAIL] = find_email,
    [CONTACT_LINK] = find_link,
    [CONTACT_PHONE] = find_phone,
};

static bool has(struct points text, enum contact contact)
{
	return FIND[contact](text, 0, &(struct span){0});
}

static void add(struct points *to, struct points from, size_t begin, size_t end)
{
	assert(begin <= end && end <= from.count);
	memcpy(to->at + to->count, from.at + begin, (end - begin) * sizeof(from.at[0]));
	to->count += end - begin;
}

/* The result fits in the size of the text: no contact is shorter than its BULLETS. */
static struct points mask(struct arena *arena, struct points text, enum contact contact)
{
	struct points masked = {.at = arena_array(arena, text.count + 1, sizeof(int32_t))};
	struct span span;
	size_t from = 0;

	while (FIND[contact](text, from, &span)) {
		assert(span.begin >= from && span.end >= span.begin + BULLETS);
		add(&masked, text, from, span.begin);
		for (int i = 0; i < BULLETS; i++)
			masked.at[masked.count++] = BULLET;
		from = span.end;
	}
	add(&masked, text, from, text.count);
	assert(masked.count <= text.count);
	return masked;
}

/* Masks all contacts of one kind, plain and disguised. True when there was one. */
static bool masked(struct arena *arena, struct points *said, enum contact contact)
{
	bool found = has(*said, contact);

	if (found)
		*said = mask(arena, *said, contact);
	struct points plain = points_plain(arena, *said);

	if (!has(plain, contact))
		return found;
	*said = mask(arena, plain, contact);
	return true;
}

struct contact_verdict contact_judge(struct arena *arena, const struct contact_rules *rules,
                                     const char *text)
{
	struct points said = points_of(arena, text);
	size_t before = said.count;
	unsigned held = 0;
	bool changed = false, again = true;

	/* Masking may expose another contact, so repeat. Terminates: each round leaves less text
	 * that could be a contact. */
	while (again) {
		again = false;
		for (enum contact each = 0; each < CONTACT_COUNT; each++) {
			if (rules->of[each] == CONTACT_RULE_MASK)
				again |= masked(arena, &said, each);
			else if (rules->of[each] == CONTACT_RULE_HOLD &&
			         (has(said, each) || has(points_plain(arena, said), each)))
				held |= 1U << each;
		}
		assert(said.count <= before);
		before = said.count;
		changed |= again;
	}
	return (struct contact_verdict){changed ? points_text(arena, said) : text, held};
}

/* -- reactions -------------------------------------------------------------------------------- */

static bool is_key_cap(struct points text)
{
	return text.count >= 2 && text.count <= 3 &&
	       (is_digit(text, 0) || one_of(text.at[0], "#*")) &&
	       (text.count == 2 || text.at[1] == VARIANT_16) && text.at[text.count - 1] == KEY_CAP;
}

/* Letters that are pictures: the information sign, the circled M and the blood types A, B and O. */
static bool is_picture(int32_t c)
{
	return c == 0x2139 || c == 0x24C2 || c == 0x1F170 || c == 0x1F171 || c == 0x1F17E;
}

/* Circled digits, exponents and fractions. */
static bool has_digit_in_it(int32_t c)
{
	UErrorCode status = U_ZERO_ERROR;
	UChar units[DECOMPOSED_MAX];
	int32_t length = unorm2_getDecomposition(unorm2_getNFKCInstance(&status), c, units,
	                                         DECOMPOSED_MAX, &status);

	assert(U_SUCCESS(status) && length <= DECOMPOSED_MAX);
	for (int32_t i = 0; i < length; i++)
		if (u_isdigit(units[i]))
			return true;
	return false;
}

bool contact_is_reaction(struct arena *arena, const char *text)
{
	struct points points = points_of(arena, text);
	size_t flag_letters = 0;

	if (is_key_cap(points))
		return true;
	for (size_t i = 0; i < points.count; i++) {
		int32_t c = points.at[i];

		if (!is_picture(c) && points_is_letter_or_digit(points, i))
			return false;
		if (has_digit_in_it(c))
			return false;
		flag_letters += c >= FLAG_A && c <= FLAG_Z;
	}
	return flag_letters <= 2;
}
