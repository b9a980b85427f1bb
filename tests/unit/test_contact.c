/* Contact details in messages, images and reactions. */
#include "unit.h"

#include "own_arena.h"
#include "shop/chat/contact.h"

static const struct contact_rules MASK = {
    {CONTACT_RULE_MASK, CONTACT_RULE_MASK, CONTACT_RULE_MASK}};
static const struct contact_rules HOLD = {
    {CONTACT_RULE_HOLD, CONTACT_RULE_HOLD, CONTACT_RULE_HOLD}};

enum { EMAIL = 1 << CONTACT_EMAIL, LINK = 1 << CONTACT_LINK, PHONE = 1 << CONTACT_PHONE };

static void contacts_are_masked_and_hold_a_message(void **state)
{
	static const struct {
		const char *said, *masked;
		unsigned found;
	} CASES[] = {
	    {"Write to ada@example.com please", "Write to ••• please", EMAIL},
	    {"a.b_c%d+e-f@x-y.example.org, or", "•••, or", EMAIL},
	    {"ada@example. com", "ada@example. com", 0},
	    {"@example.example, a@b", "@example.example, a@b", 0},
	    {"ada@example..com", "ada@example..com", 0},
	    {"grüße@bücher.example!", "•••!", EMAIL},
	    {"See https://x and HTTP://a/b?c d", "See ••• and ••• d", LINK},
	    {"http:// https://", "http:// https://", 0},
	    {"go to WWW.Example.test/a now", "go to ••• now", LINK},
	    {"shop.example.com/pay?now it", "shop.••• it", LINK},
	    {"my-shop.store", "•••", LINK},
	    {"_a-my.co.", "_a-•••.", LINK},
	    {"end.community, a.comb, me.", "end.community, a.comb, me.", 0},
	    {"x_my.com", "x_my.com", 0},
	    {"/ 1.5 m", "/ 1.5 m", 0},
	    {"Call +44 20 7946 0958 today", "Call ••• today", PHONE},
	    {"(020) 7946-0101", "(•••", PHONE},
	    {"12345678", "12345678", 0},
	    {"12345   67890", "12345   67890", 0},
	    {"12345 - 67890", "12345 - 67890", 0},
	    {"1 2 3 4 5 6 7 8 9 and 020.7946.0101", "••• and •••", PHONE},
	    /* What is masked hides no beginning of the next. */
	    {"_123456789foo.com", "_••••••", LINK | PHONE},
	    {"both 020 7946 0101 and ٠٢٠٧٩٤٦٠١٠١", "both ••• and •••", PHONE},
	};

	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		struct contact_verdict masked = contact_judge(arena, &MASK, CASES[i].said);
		struct contact_verdict held = contact_judge(arena, &HOLD, CASES[i].said);

		assert_string_equal(masked.text, CASES[i].masked);
		assert_int_equal(masked.held, 0);
		assert_ptr_equal(held.text, CASES[i].said);
		assert_int_equal(held.held != 0, CASES[i].found != 0);
	}
}

static void a_disguise_hides_no_contact(void **state)
{
	static const char *const CONTACTS[] = {
	    "０２０ ７９４６ ０１０１",
	    "0️⃣2️⃣0️⃣7️⃣9️⃣4️⃣6️⃣0️⃣1️⃣0️⃣1️⃣",
	    "020\u200b7946\u200b0101",
	    "٠٢٠٧٩٤٦٠١٠١",
	    "⓪②⓪⑦⑨④⑥⓪①⓪①",
	    "𝟎𝟐𝟎𝟕𝟗𝟒𝟔𝟎𝟏𝟎𝟏",
	    "020\u00ad7946\u00ad0101",
	    "ada (at) example (dot) com",
	    "ada[at]example.com",
	    "ada { AT } example [ Punkt ] com",
	    "ａｄａ＠ｅｘａｍｐｌｅ．ｃｏｍ",
	};

	for (size_t i = 0; i < sizeof(CONTACTS) / sizeof(CONTACTS[0]); i++) {
		const char *said = arena_printf(arena, "Write to %s please", CONTACTS[i]);

		assert_string_equal(contact_judge(arena, &MASK, said).text, "Write to ••• please");
		assert_int_not_equal(contact_judge(arena, &HOLD, said).held, 0);
	}
}

static void what_is_no_contact_keeps_its_look(void **state)
{
	static const char *const TEXTS[] = {
	    "",    "٣ كؤوس", "Gate 1️⃣ (at noon)", "👨‍👩‍👧", "at (the) dot",
	    "(at", "((at)"};

	for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
		assert_ptr_equal(contact_judge(arena, &MASK, TEXTS[i]).text, TEXTS[i]);
		assert_int_equal(contact_judge(arena, &HOLD, TEXTS[i]).held, 0);
	}
}

static void each_kind_has_its_own_rule(void **state)
{
	const struct contact_rules rules = {
	    {CONTACT_RULE_HOLD, CONTACT_RULE_ALLOW, CONTACT_RULE_MASK}};
	struct contact_verdict verdict =
	    contact_judge(arena, &rules, "a@b.example, www.c.example, 020 7946 0101");

	assert_string_equal(verdict.text, "a@b.example, www.c.example, •••");
	assert_int_equal(verdict.held, EMAIL);
	assert_string_equal(contact_judge(arena, &(struct contact_rules){0}, "a@b.example").text,
	                    "a@b.example");
}

static void a_reaction_spells_no_contact(void **state)
{
	static const char *const REFUSED[] = {
	    "+442079460958",  "t.me/clayshop", "０２０７９", "٣٤", "①②③④", "𝟎𝟏", "маг",
	    "1️⃣2️⃣", "🇹🇲🇪",           "½",          "Ⓐ",  "🄰",    "²",  "a"};
	static const char *const PICTURES[] = {"👍🏽",
	                                       "❤️",
	                                       "7️⃣",
	                                       "#⃣",
	                                       "🇩🇪",
	                                       "ℹ️",
	                                       "👨‍👩‍👧",
	                                       "🔟",
	                                       "™️",
	                                       "Ⓜ️",
	                                       "🅰️",
	                                       "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
	                                       "!"};

	for (size_t i = 0; i < sizeof(REFUSED) / sizeof(REFUSED[0]); i++)
		assert_false(contact_is_reaction(arena, REFUSED[i]));
	for (size_t i = 0; i < sizeof(PICTURES) / sizeof(PICTURES[0]); i++)
		assert_true(contact_is_reaction(arena, PICTURES[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(contacts_are_masked_and_hold_a_message),
	    cmocka_unit_test(a_disguise_hides_no_contact),
	    cmocka_unit_test(what_is_no_contact_keeps_its_look),
	    cmocka_unit_test(each_kind_has_its_own_rule),
	    cmocka_unit_test(a_reaction_spells_no_contact),
	};

	return cmocka_run_group_tests(tests, arena_set_up, arena_tear_down);
}
