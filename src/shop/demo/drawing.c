#include "shop/demo/drawing.h"

#include <assert.h>
#include <string.h>

#include "base/hash.h"
#include "shop/demo/canvas.h"

/* The ground of a drawing is at this share of its square. */
static const float GROUND = 0.84F;

enum { BANNER_OBJECTS = 5, DRAWINGS_MAX = 100 };

static const struct {
	int width, height;
	char mark; /* before the names of this kind in drawings.txt; 0: none */
} KINDS[] = {
    [DRAWING_PRODUCT] = {640, 640, 0}, [DRAWING_CATEGORY] = {480, 360, '@'},
    [DRAWING_LOGO] = {240, 240, '*'},  [DRAWING_BANNER] = {960, 240, '*'},
    [DRAWING_FACE] = {240, 240, 0},    [DRAWING_PHOTO] = {800, 600, 0},
};

struct palette {
	uint32_t top, bottom, disc; /* of the ground */
	uint32_t a, b, c;           /* of the objects */
};

static const struct palette PALETTES[] = {
    {0xf6e7da, 0xefd3be, 0xfbf3ea, 0xc8694a, 0x3f6c7a, 0xe8b04b},
    {0xddebef, 0xbfd8e0, 0xeff7f9, 0x2f6f8f, 0xe2a45c, 0xe9735c},
    {0xe6ecd9, 0xcbd8b4, 0xf3f7ea, 0x6b8e4e, 0xb5654a, 0xe9c46a},
    {0xf8e1e1, 0xefc4c6, 0xfdf1f0, 0xc65d6e, 0x4a6c6f, 0xf2b56b},
    {0xe7e2f3, 0xcdc3e6, 0xf4f0fa, 0x7a68b3, 0xe08e79, 0xf3c969},
    {0xf3ebdc, 0xe2d2b4, 0xfbf6ec, 0xb98a4e, 0x5b7b6f, 0xd9644a},
    {0xddf0e9, 0xb9decf, 0xeef8f4, 0x3c8d7b, 0xd77a61, 0xf0c05a},
    {0x3d4a6b, 0x2a3350, 0x4d5d82, 0xd98e5f, 0x8fb3c9, 0xf2ce7a},
    {0xfbf0cf, 0xf2dc9b, 0xfff9e8, 0xd9883b, 0x4f6d8c, 0xc4503e},
    {0xdde3ea, 0xbcc8d4, 0xeef2f6, 0x53677e, 0xd68c5c, 0xe3b75b},
};

enum { PALETTES_COUNT = sizeof(PALETTES) / sizeof(PALETTES[0]) };

static const uint32_t SKINS[] = {0xf3cfb0, 0xe3b088, 0xc98d5e, 0x9a6540, 0x6e4529};
static const uint32_t HAIRS[] = {0x2b1d16, 0x503222, 0x8b5a33, 0xc79b56, 0xa4a7ab, 0x8a3b25};

enum {
	SKINS_COUNT = sizeof(SKINS) / sizeof(SKINS[0]),
	HAIRS_COUNT = sizeof(HAIRS) / sizeof(HAIRS[0]),
};

/* What does not depend on the palette. */
static const struct {
	char name;
	uint32_t rgb;
	float alpha;
} TONES[] = {
    {'w', 0xb9834f, 1},     {'m', 0xaab3ba, 1},    {'g', 0x5f8f55, 1},    {'k', 0x2e3036, 1},
    {'p', 0xfaf4e6, 1},     {'r', 0xa8533c, 1},    {'y', 0xffe2a0, 0.8F}, {'z', 0xffe2a0, 0.4F},
    {'s', 0x1a1410, 0.14F}, {'h', 0xffffff, 0.3F},
};

static struct tone tone_named(const struct palette *palette, char name, float *ret_alpha)
{
	*ret_alpha = 1;
	switch (name) {
	case 'a':
		return tone_of(palette->a);
	case 'b':
		return tone_of(palette->b);
	case 'c':
		return tone_of(palette->c);
	case 'd':
		return tone_mix(tone_of(palette->a), tone_of(0), 0.28F);
	case 'l':
		return tone_mix(tone_of(palette->a), tone_of(0xffffff), 0.35F);
	default:
		break;
	}
	for (size_t i = 0; i < sizeof(TONES) / sizeof(TONES[0]); i++) {
		if (TONES[i].name == name) {
			*ret_alpha = TONES[i].alpha;
			return tone_of(TONES[i].rgb);
		}
	}
	assert(false); /* drawings.txt explains all its tones */
	return tone_of(0);
}

static const char *next_line(const char *line)
{
	const char *end = strchr(line, '\n');

	return end == NULL ? line + strlen(line) : end + 1;
}

/* Light comes from the left. */
static void draw_object(struct canvas *canvas, const char *lines, const struct palette *palette,
                        const struct placing *placing)
{
	for (; *lines >= 'a' && *lines <= 'z'; lines = next_line(lines)) {
		struct paint paint;
		struct tone tone = tone_named(palette, *lines, &paint.alpha);

		paint.left = tone_mix(tone, tone_of(0xffffff), 0.12F);
		paint.right = tone_mix(tone, tone_of(0), 0.14F);
		if (placing->mirrored) {
			struct tone right = paint.right;

			paint.right = paint.left;
			paint.left = right;
		}
		canvas_fill(canvas, lines + 1, placing, &paint);
	}
}

static bool names(const char *header, char mark, const char *name)
{
	size_t length = strlen(name);
	const char *end = next_line(header);
	const char *word = header;

	while ((word = memchr(word, ' ', (size_t)(end - word))) != NULL) {
		word++;
		if (mark != 0 && *word == mark)
			word++;
		else if (mark != 0)
			continue;
		if (strncmp(word, name, length) == 0 &&
		    (word[length] == ' ' || word[length] == '\n'))
			return true;
	}
	return false;
}

/* The shapes of the object with this name; without one, of the n-th that there is. */
static const char *find_object(char mark, const char *name, uint64_t n)
{
	const char *objects[DRAWINGS_MAX];
	size_t count = 0;

	assert(DEMO_DRAWING_COUNT == 1);
	for (const char *line = DEMO_DRAWINGS[0].text; *line != '\0'; line = next_line(line)) {
		if (*line != '=')
			continue;
		if (name != NULL && names(line, mark, name))
			return next_line(line);
		assert(count < DRAWINGS_MAX);
		objects[count++] = next_line(line);
	}
	assert(count > 0);
	return objects[n % count];
}

/* The n-th face, from the first again after the last. */
static const char *find_face(uint64_t n)
{
	const char *faces[DRAWINGS_MAX];
	size_t count = 0;

	for (const char *line = DEMO_DRAWINGS[0].text; *line != '\0'; line = next_line(line)) {
		assert(count < DRAWINGS_MAX);
		if (*line == '+')
			faces[count++] = next_line(line);
	}
	assert(count > 0);
	return faces[n % count];
}

static void draw_ground(struct canvas *canvas, const struct drawing *drawing,
                        const struct palette *palette, uint64_t hash)
{
	static const char DISC[] = "O 50 50 50 50\n";
	float width = (float)drawing->width, height = (float)drawing->height;
	float side = height * (0.66F + 0.01F * (float)(hash >> 8 & 15));
	struct placing disc = {(width - side) / 2 +
	                           height * 0.01F * (float)((int)(hash >> 12 & 15) - 8),
	                       height * 0.08F, side, false};
	struct tone light = tone_of(palette->disc);
	struct tone below = tone_mix(tone_of(palette->bottom), tone_of(0x3a2a20), 0.09F);

	canvas_gradient(canvas, 0, tone_of(palette->top), tone_of(palette->bottom));
	canvas_fill(canvas, DISC, &disc, &(struct paint){light, light, 0.75F});
	canvas_gradient(canvas, drawing->height * 4 / 5, below, below);
}

static void draw_standing(struct canvas *canvas, const char *object, const struct palette *palette,
                          struct placing placing)
{
	float y = placing.y + placing.side * GROUND;

	canvas_glow(canvas, placing.x + placing.side / 2, y, placing.side * 0.44F,
	            placing.side * 0.06F, tone_of(0x201812), 0.34F);
	draw_object(canvas, object, palette, &placing);
}

/* An object in the middle, on the floor. */
static void draw_one(struct canvas *canvas, const struct drawing *drawing, uint64_t hash)
{
	const struct palette *palette = &PALETTES[hash % PALETTES_COUNT];
	const char *object = find_object(KINDS[drawing->kind].mark, drawing->name, hash);
	float height = (float)drawing->height, side = height * 0.78F;
	struct placing placing = {((float)drawing->width - side) / 2,
	                          height * 0.88F - side * GROUND, side, (hash >> 20 & 1) != 0};

	draw_ground(canvas, drawing, palette, hash);
	draw_standing(canvas, object, palette, placing);
}

static void draw_face(struct canvas *canvas, const struct drawing *drawing, uint64_t hash)
{
	struct palette palette = PALETTES[hash % PALETTES_COUNT];
	struct placing placing = {0, 0, (float)drawing->height, (hash >> 20 & 1) != 0};

	canvas_gradient(canvas, 0, tone_of(palette.top), tone_of(palette.bottom));
	palette.a = SKINS[(hash >> 24) % SKINS_COUNT];
	palette.c = HAIRS[(hash >> 32) % HAIRS_COUNT];
	draw_object(canvas, find_face(hash >> 40), &palette, &placing);
}

static void draw_logo(struct canvas *canvas, const struct drawing *drawing, uint64_t hash)
{
	const struct palette *palette = &PALETTES[hash % PALETTES_COUNT];
	float size = (float)drawing->height;
	struct placing disc = {size * 0.08F, size * 0.08F, size * 0.84F, false};
	struct placing object = {size * 0.24F, size * 0.25F, size * 0.52F, false};
	struct tone ground = tone_of(palette->b), paper = tone_of(0xfdf8ee);

	canvas_gradient(canvas, 0, tone_mix(ground, tone_of(0xffffff), 0.1F),
	                tone_mix(ground, tone_of(0), 0.15F));
	canvas_fill(canvas, "O 50 50 50 50\n", &disc, &(struct paint){paper, paper, 1});
	draw_object(canvas, find_object('*', drawing->name, hash), palette, &object);
}

/* The vendor's own object in the middle of others. */
static void draw_banner(struct canvas *canvas, const struct drawing *drawing, uint64_t hash)
{
	const struct palette *palette = &PALETTES[hash % PALETTES_COUNT];
	float height = (float)drawing->height;
	float step = (float)drawing->width / BANNER_OBJECTS;

	draw_ground(canvas, drawing, palette, hash);
	for (int i = 0; i < BANNER_OBJECTS; i++) {
		bool is_middle = i == BANNER_OBJECTS / 2;
		float side = height * (is_middle ? 0.82F : 0.6F);
		struct placing placing = {step * ((float)i + 0.5F) - side / 2,
		                          height * 0.88F - side * GROUND, side, false};
		uint64_t other = hash / PALETTES_COUNT + (uint64_t)i * 11;

		draw_standing(canvas,
		              is_middle ? find_object('*', drawing->name, hash)
		                        : find_object(0, NULL, other),
		              palette, placing);
	}
}

void drawing_make(void *arg)
{
	struct drawing *drawing = arg;
	uint64_t hash = hash_plain(drawing->name, strlen(drawing->name));
	struct canvas *canvas;

	hash ^= hash >> 29; /* the last letters of names differ most */
	drawing->width = KINDS[drawing->kind].width;
	drawing->height = KINDS[drawing->kind].height;
	canvas = canvas_new(drawing->width, drawing->height);
	switch (drawing->kind) {
	case DRAWING_PRODUCT:
	case DRAWING_CATEGORY:
	case DRAWING_PHOTO:
		draw_one(canvas, drawing, hash);
		break;
	case DRAWING_LOGO:
		draw_logo(canvas, drawing, hash);
		break;
	case DRAWING_BANNER:
		draw_banner(canvas, drawing, hash);
		break;
	case DRAWING_FACE:
		draw_face(canvas, drawing, hash);
		break;
	}
	drawing->png = canvas_png(canvas, &drawing->length);
	canvas_free(canvas);
}
