#include "media/paper_page.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "media/paper_pen.h"

#define LINE_WIDTH (PAPER_WIDTH - 2 * PAPER_MARGIN)
#define BOTTOM (PAPER_HEIGHT - PAPER_MARGIN - 14)
#define GAP 8.0

struct column {
	double from, width;
	enum paper_side side;
	char head[LIMIT_PAPER_HEAD];
};

struct paper_page {
	struct paper_pen *pen;
	double y;       /* below what was drawn */
	double facts_y; /* below the facts */
	double party_y, parties_top, parties_bottom;
	unsigned parties;
	unsigned number; /* of the page */
	size_t column_count;
	struct column columns[LIMIT_PAPER_COLUMNS];
	double weight; /* of all columns */
	bool in_table;
	char footer[LIMIT_PAPER_HEAD];
};

/* Ends the next field at its tab. */
static char *field(char **rest)
{
	char *text = strsep(rest, "\t");

	assert(text != NULL);
	return text;
}

static void copy_head(char ret[LIMIT_PAPER_HEAD], const char *text)
{
	size_t length = strnlen(text, LIMIT_PAPER_HEAD - 1);

	/* not within a character */
	while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
		length--;
	memcpy(ret, text, length);
	ret[length] = '\0';
}

struct paper_page *paper_page_open(int fd, char *first_line)
{
	struct paper_page *page = calloc(1, sizeof(*page));
	char *rest = first_line;

	assert(page != NULL);
	const char *kind = field(&rest), *language = field(&rest), *direction = field(&rest);
	const char *made = field(&rest), *title = field(&rest);

	assert(strcmp(kind, "D") == 0);
	page->pen = paper_pen_open(fd, title, language, made, strcmp(direction, "rtl") == 0);
	page->y = page->facts_y = PAPER_MARGIN;
	page->number = 1;
	return page;
}

static void draw_footer(struct paper_page *page)
{
	double y = PAPER_HEIGHT - PAPER_MARGIN;
	char number[16];

	snprintf(number, sizeof(number), "%u", page->number);
	paper_rule(page->pen, PAPER_MARGIN, y - 4, LINE_WIDTH, 0.75);
	paper_draw(page->pen, paper_left(page->pen, 0, LINE_WIDTH * 0.9), y, LINE_WIDTH * 0.9,
	           page->footer, PAPER_SMALL, PAPER_START);
	paper_draw(page->pen, paper_left(page->pen, LINE_WIDTH * 0.9, LINE_WIDTH * 0.1), y,
	           LINE_WIDTH * 0.1, number, PAPER_SMALL, PAPER_END);
}

bool paper_page_close(struct paper_page *page)
{
	bool written;

	draw_footer(page);
	written = paper_pen_close(page->pen);
	free(page);
	return written;
}

static double draw_cell(struct paper_page *page, const struct column *column, const char *text,
                        enum paper_style style)
{
	return paper_draw(page->pen, paper_left(page->pen, column->from, column->width), page->y,
	                  column->width, text, style, column->side);
}

static void draw_heads(struct paper_page *page)
{
	double height = 0;

	for (size_t i = 0; i < page->column_count; i++) {
		double drawn =
		    draw_cell(page, &page->columns[i], page->columns[i].head, PAPER_BOLD);
		height = drawn > height ? drawn : height;
	}
	page->y += height + 3;
	paper_rule(page->pen, PAPER_MARGIN, page->y, LINE_WIDTH, 0);
	page->y += 3;
}

static void make_room(struct paper_page *page, double height)
{
	if (page->y + height <= BOTTOM || page->y <= PAPER_MARGIN)
		return;
	draw_footer(page);
	paper_next_page(page->pen);
	page->number++;
	page->y = PAPER_MARGIN;
	if (page->in_table)
		draw_heads(page);
}

/* What follows is below the title, the facts and the parties. */
static void go_below(struct paper_page *page)
{
	double below = page->facts_y > page->parties_bottom ? page->facts_y : page->parties_bottom;

	if (page->number > 1 || page->facts_y == 0)
		return;
	page->y = (page->y > below ? page->y : below) + 18;
	page->facts_y = 0; /* once */
}

static void add_fact(struct paper_page *page, char *rest)
{
	const char *label = field(&rest), *value = field(&rest);
	double from = LINE_WIDTH * 0.52, width = LINE_WIDTH * 0.18, value_width = LINE_WIDTH * 0.3;
	double height, y = page->facts_y;

	height = paper_draw(page->pen, paper_left(page->pen, from, width), y, width, label,
	                    PAPER_SMALL, PAPER_START);
	double other = paper_draw(page->pen, paper_left(page->pen, from + width, value_width), y,
	                          value_width, value, PAPER_PLAIN, PAPER_END);
	page->facts_y += (height > other ? height : other) + 2;
}

static void begin_party(struct paper_page *page, const char *heading)
{
	double width = LINE_WIDTH / 2 - GAP;
	double from = page->parties % 2 == 0 ? 0 : LINE_WIDTH / 2 + GAP;

	if (page->parties == 0) {
		page->parties_top = (page->y > page->facts_y ? page->y : page->facts_y) + 14;
		page->parties_bottom = page->parties_top;
	}
	page->party_y = page->parties_top;
	page->parties++;
	page->party_y += paper_draw(page->pen, paper_left(page->pen, from, width), page->party_y,
	                            width, heading, PAPER_SMALL, PAPER_START) +
	                 2;
}

static void add_to_party(struct paper_page *page, const char *text)
{
	double width = LINE_WIDTH / 2 - GAP;
	double from = page->parties % 2 == 1 ? 0 : LINE_WIDTH / 2 + GAP;

	assert(page->parties > 0);
	page->party_y += paper_draw(page->pen, paper_left(page->pen, from, width), page->party_y,
	                            width, text, PAPER_PLAIN, PAPER_START) +
	                 1;
	if (page->party_y > page->parties_bottom)
		page->parties_bottom = page->party_y;
}

static void add_column(struct paper_page *page, char *rest)
{
	struct column *column = &page->columns[page->column_count];

	assert(page->column_count < LIMIT_PAPER_COLUMNS && !page->in_table);
	column->width = strtod(field(&rest), NULL); /* until all are known */
	assert(column->width > 0);
	column->side = strcmp(field(&rest), "end") == 0 ? PAPER_END : PAPER_START;
	copy_head(column->head, field(&rest));
	page->column_count++;
	page->weight += column->width;
}

static void begin_table(struct paper_page *page)
{
	double room = LINE_WIDTH - GAP * (double)(page->column_count - 1), from = 0;

	assert(page->column_count > 0);
	go_below(page);
	for (size_t i = 0; i < page->column_count; i++) {
		struct column *column = &page->columns[i];

		column->width = column->width / page->weight * room;
		column->from = from;
		from += column->width + GAP;
	}
	page->in_table = true;
	draw_heads(page);
}

static void add_row(struct paper_page *page, char *rest)
{
	const char *cells[LIMIT_PAPER_COLUMNS];
	double height = 0;

	if (!page->in_table)
		begin_table(page);
	for (size_t i = 0; i < page->column_count; i++) {
		double needed;

		cells[i] = field(&rest);
		needed = paper_height(page->pen, page->columns[i].width, cells[i], PAPER_SMALL);
		height = needed > height ? needed : height;
	}
	make_room(page, height);
	for (size_t i = 0; i < page->column_count; i++)
		draw_cell(page, &page->columns[i], cells[i], PAPER_SMALL);
	page->y += height + 2;
}

static void end_table(struct paper_page *page)
{
	if (!page->in_table) {
		go_below(page);
		return;
	}
	page->in_table = false;
	page->y += 2;
	paper_rule(page->pen, PAPER_MARGIN, page->y, LINE_WIDTH, 0.75);
	page->y += 6;
}

static void add_sum(struct paper_page *page, char *rest)
{
	const char *label = field(&rest), *value = field(&rest), *how = field(&rest);
	enum paper_style style = strcmp(how, "bold") == 0 ? PAPER_BOLD : PAPER_PLAIN;
	double from = LINE_WIDTH * 0.45, width = LINE_WIDTH * 0.3;
	double value_width = LINE_WIDTH * 0.25;
	double height;

	end_table(page);
	height = paper_height(page->pen, width, label, style);
	make_room(page, height);
	paper_draw(page->pen, paper_left(page->pen, from, width), page->y, width, label, style,
	           PAPER_START);
	paper_draw(page->pen, paper_left(page->pen, from + width, value_width), page->y,
	           value_width, value, style, PAPER_END);
	page->y += height + 3;
}

static void add_note(struct paper_page *page, const char *text)
{
	double height;

	end_table(page);
	page->y += 8;
	height = paper_height(page->pen, LINE_WIDTH, text, PAPER_SMALL);
	make_room(page, height);
	paper_draw(page->pen, paper_left(page->pen, 0, LINE_WIDTH), page->y, LINE_WIDTH, text,
	           PAPER_SMALL, PAPER_START);
	page->y += height;
}

void paper_page_add(struct paper_page *page, char *line)
{
	char *rest = line;
	const char *kind = field(&rest);

	assert(kind[0] != '\0' && kind[1] == '\0' && rest != NULL);
	switch (kind[0]) {
	case 'F':
		copy_head(page->footer, rest);
		break;
	case 'T':
		page->y += paper_draw(page->pen, paper_left(page->pen, 0, LINE_WIDTH * 0.5),
		                      page->y, LINE_WIDTH * 0.5, rest, PAPER_TITLE, PAPER_START);
		break;
	case 'K':
		add_fact(page, rest);
		break;
	case 'P':
		begin_party(page, rest);
		break;
	case 'A':
		add_to_party(page, rest);
		break;
	case 'C':
		add_column(page, rest);
		break;
	case 'R':
		add_row(page, rest);
		break;
	case 'S':
		add_sum(page, rest);
		break;
	case 'N':
		add_note(page, rest);
		break;
	default:
		assert(!"a line of a document");
	}
}
