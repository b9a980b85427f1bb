#include "unit.h"

#include <sodium.h>

#include "media/look.h"
#include "media/thumbhash.h"

enum { OPAQUE, FADING, HOLED };

/* What the npm package thumbhash 0.1.1 makes of the pixels of paint(). */
static const struct vector {
	uint32_t width, height;
	int alpha;
	const char *hash;
} VECTORS[] = {
    {1, 1, 0, "95032a1f0108f708888788708f7088f80888707ff8000000"},
    {1, 1, 1, "00088205000000000000000000000000000000000000000000"},
    {1, 1, 2, "00088205000000000000000000000000000000000000000000"},
    {100, 100, 0, "df0606471470777781877877887888778777070778808f08"},
    {100, 100, 1, "e14786250a37c287b088787888b2b028fb7480878788787888"},
    {100, 100, 2, "a107821d0e29a075d1799a5777a0d00af87860892097769989"},
    {100, 60, 0, "1f07064494818777708878877887807207f888"},
    {100, 60, 1, "e147861b8a37b387b08878c1b028fc8480877888888877"},
    {100, 60, 2, "a117861b9029b377c07988c0d118f96840974286888978"},
    {33, 100, 0, "df06064a1480738887878787827008f888"},
    {33, 100, 1, "a14782220a37e0a0777888a4b027fc7470778888887888"},
    {33, 100, 2, "a0e7851a0e2980a5a8898870b00ed96895875078625878"},
    {7, 3, 0, "9c25064b9471777780877888708206e888"},
    {7, 3, 1, "5f7782128836b497b07887f1b035fc7480878888878877"},
    {7, 3, 2, "de66861a8a37b676c06878d4c047fc7550997698888778"},
    {100, 1, 0, "97c52ea1b08787778888087884874f8808"},
    {100, 1, 1, "9906b359c277878788888095877f880884878888b078f8"},
    {100, 1, 2, "98c5b299b4bb878788888085875f8808777788888078f8"},
    {1, 100, 0, "57452da12e08877888878787f78377bf88"},
    {1, 100, 1, "0008820100000000000000000000000000000000000000"},
    {1, 100, 2, "9735ad9930bb0887888888f78578af7808f78788877878"},
    {64, 64, 0, "df0606471480878770888777877788787887070877707f08"},
    {64, 64, 1, "e14786250a37c297b087877888b3b027fc8480878788878878"},
    {64, 64, 2, "a107821d0e29a075d1799a5777b0d00af87860892097769989"},
    {99, 100, 0, "df0606471480777771787788877878878877070887808f07"},
    {99, 100, 1, "e14786250a37c287b087877778b2b027fb8480878888787888"},
    {99, 100, 2, "a107821d0e29a076d1799a5777a0d00af87860892097769989"},
    {50, 41, 0, "df0606469470878770787788787888878887707107f878"},
    {50, 41, 1, "e14786248a37b387b0878777280c7bc24f0778888888888808"},
    {50, 41, 2, "a117821c8e29b176d0799957071b9d808f0785197379989907"},
};

static uint8_t alpha_of(const struct vector *vector, uint32_t x, uint32_t y)
{
	if (vector->alpha == OPAQUE)
		return 255;
	if (vector->alpha == FADING)
		return (uint8_t)(x * 255 / vector->width);
	return 4 * (x * x + y * y) < vector->width * vector->height ? 0 : 200;
}

/* Gradients with noise, the same wherever it runs. */
static void paint(const struct vector *vector, uint8_t *rgba)
{
	uint32_t width = vector->width, height = vector->height;
	uint32_t seed = width * 1000 + height * 3 + (uint32_t)vector->alpha;

	for (uint32_t i = 0; i < width * height; i++) {
		uint32_t x = i % width, y = i / width, noise;

		seed = seed * 1664525 + 1013904223;
		noise = (seed >> 24) % 40;
		rgba[4 * i] = (uint8_t)(x * 200 / width + noise);
		rgba[4 * i + 1] = (uint8_t)(y * 190 / height + noise);
		rgba[4 * i + 2] = (uint8_t)(220 - (x + y) * 110 / (width + height) - noise);
		rgba[4 * i + 3] = alpha_of(vector, x, y);
	}
}

static void hashes_are_those_of_the_reference(void **state)
{
	static uint8_t rgba[4 * THUMBHASH_SIDE_MAX * THUMBHASH_SIDE_MAX];

	for (size_t i = 0; i < sizeof(VECTORS) / sizeof(VECTORS[0]); i++) {
		uint8_t hash[THUMBHASH_BYTES_MAX];
		char text[2 * THUMBHASH_BYTES_MAX + 1];
		size_t length;

		paint(&VECTORS[i], rgba);
		length = thumbhash(VECTORS[i].width, VECTORS[i].height, rgba, hash);
		sodium_bin2hex(text, sizeof(text), hash, length);
		assert_string_equal(text, VECTORS[i].hash);
	}
}

static void the_average_colour_is_that_of_what_is_seen(void **state)
{
	static const uint8_t HALF[] = {255, 0, 0, 255, 0, 255, 0, 0};
	static const uint8_t BOTH[] = {255, 0, 0, 255, 0, 0, 255, 255};

	assert_int_equal(look_color(2, 1, HALF), 0xff0000);
	assert_int_equal(look_color(2, 1, BOTH), 0x800080);
	assert_int_equal(look_color(1, 1, HALF + 4), 0xffffff);
}

static void a_difference_hash_says_where_it_gets_lighter(void **state)
{
	uint8_t rgba[4 * 36 * 16];

	for (uint32_t i = 0; i < 36 * 16; i++)
		memset(rgba + 4 * i, (int)(i % 36 * 7), 4);
	for (uint32_t i = 0; i < 36 * 16; i++)
		rgba[4 * i + 3] = 255;
	assert_true(look_near_hash(36, 16, rgba) == UINT64_MAX);
	for (uint32_t i = 0; i < 36 * 16; i++)
		memset(rgba + 4 * i, (int)(255 - i % 36 * 7), 3);
	assert_true(look_near_hash(36, 16, rgba) == 0);
	assert_true(look_near_hash(1, 1, rgba) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(hashes_are_those_of_the_reference),
	    cmocka_unit_test(the_average_colour_is_that_of_what_is_seen),
	    cmocka_unit_test(a_difference_hash_says_where_it_gets_lighter),
	};

	random_begin();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
