#include "base/message.h"

#include <assert.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/message_formats.h"
#include "base/unicode.h"

#define ISOLATE "\u2068"     /* first strong isolate */
#define ISOLATE_END "\u2069" /* pop directional isolate */

enum { DEPTH_MAX = 4 }; /* of branches, as tools/gen_texts.py allows */

struct writer {
	struct buf out;
	struct formats *formats;
	const char *time_zone;
	const struct message_value *values;
};

/* What must not be in an inserted text: it would have an effect beyond it, or cannot be seen.
 * Marks that only concern their neighbours stay, as some languages are written with them. */
static bool is_removed(UChar32 c)
{
	return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || /* directions */
	       (c >= 0x206a && c <= 0x206f) || c == 0xfeff || /* deprecated, byte order */
	       (c >= 0xfff9 && c <= 0xfffb) ||                /* interlinear annotation */
	       u_charType(c) == U_CONTROL_CHAR || U_IS_UNICODE_NONCHAR(c);
}

const char *message_clean(struct arena *arena, const char *text)
{
	struct buf out = buf_new(arena, strlen(text) + 1);
	int32_t length = (int32_t)strlen(text), at = 0;
	bool blank = false;

	assert(length >= 0);
	while (at < length) {
		int32_t from = at;
		UChar32 c;

		U8_NEXT(text, at, length, c);
		assert(c >= 0); /* the text is valid UTF-8 */
		if (u_isUWhiteSpace(c)) {
			blank = out.length > 0;
		} else if (!is_removed(c)) {
			if (blank)
				buf_add_char(&out, ' ');
			blank = false;
			buf_add(&out, text + from, (size_t)(at - from));
		}
	}
	return unicode_nfc(arena, out.data);
}

static void insert_text(struct writer *writer, const char *text)
{
	const char *clean = message_clean(writer->out.arena, text);
	size_t length = strlen(clean);

	buf_add_str(&writer->out, ISOLATE);
	buf_add(&writer->out, clean, unicode_cut(clean, length, LIMIT_INSERTED_BYTES));
	if (length > LIMIT_INSERTED_BYTES)
		buf_add_str(&writer->out, "…");
	buf_add_str(&writer->out, ISOLATE_END);
}

static void insert(struct writer *writer, const struct message_piece *piece)
{
	const struct message_value *value = &writer->values[piece->argument];
	struct arena *arena = writer->out.arena;
	const char *text = NULL;

	assert(value->is_there);
	switch ((enum message_type)piece->type) {
	case MESSAGE_TEXT:
		insert_text(writer, value->text);
		return;
	case MESSAGE_COUNT:
		/* Digits belong to the words around them. */
		buf_add_str(&writer->out, format_count(writer->formats, arena, value->count));
		return;
	case MESSAGE_MONEY:
		text = format_money(writer->formats, arena, value->money);
		break;
	case MESSAGE_TIME:
		text = format_time(writer->formats, arena, writer->time_zone,
		                   (enum message_style)piece->style, value->time_us);
		break;
	}
	assert(text != NULL);
	buf_add_str(&writer->out, ISOLATE);
	buf_add_str(&writer->out, text);
	buf_add_str(&writer->out, ISOLATE_END);
}

static const struct message_branch *branch_of(const struct message_branch *branches,
                                              const char *word)
{
	while (strcmp(branches->when, word) != 0 && strcmp(branches->when, "other") != 0)
		branches++;
	return branches;
}

static const struct message_piece *plural_branch(struct writer *writer,
                                                 const struct message_piece *piece)
{
	int64_t count = writer->values[piece->argument].count;
	char category[PLURAL_CATEGORY_BYTES], exact[24] = "=";
	const struct message_branch *found;

	assert(writer->values[piece->argument].is_there);
	strcpy(exact + 1, arena_printf(writer->out.arena, "%lld", (long long)count));
	found = branch_of(piece->branches, exact);
	if (strcmp(found->when, exact) == 0)
		return found->pieces;
	plural_category(writer->formats, count, category);
	return branch_of(piece->branches, category)->pieces;
}

static const struct message_piece *select_branch(struct writer *writer,
                                                 const struct message_piece *piece)
{
	const struct message_value *value = &writer->values[piece->argument];

	if (piece->op == MESSAGE_IF)
		return branch_of(piece->branches, value->is_there ? "other" : "none")->pieces;
	assert(value->is_there);
	return branch_of(piece->branches, value->text)->pieces;
}

static void write_pieces(struct writer *writer, const struct message_piece *piece, int depth)
{
	assert(depth <= DEPTH_MAX);
	for (; piece->op != MESSAGE_END; piece++) {
		switch ((enum message_op)piece->op) {
		case MESSAGE_LITERAL:
			buf_add_str(&writer->out, piece->text);
			break;
		case MESSAGE_INSERT:
			insert(writer, piece);
			break;
		case MESSAGE_PLURAL:
			write_pieces(writer, plural_branch(writer, piece), depth + 1);
			break;
		case MESSAGE_SELECT:
		case MESSAGE_IF:
			write_pieces(writer, select_branch(writer, piece), depth + 1);
			break;
		case MESSAGE_END:
			break;
		}
	}
}

const char *message_format(struct message_formats *formats, struct arena *arena,
                           struct message_place place, const struct message_piece pieces[],
                           const struct message_value values[])
{
	struct writer writer = {
	    .out = buf_new(arena, 256),
	    .formats = formats_of(formats, place.locale),
	    .time_zone = place.time_zone,
	    .values = values,
	};

	write_pieces(&writer, pieces, 0);
	return writer.out.data;
}
