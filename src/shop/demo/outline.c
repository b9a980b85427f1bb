#include "shop/demo/outline.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CURVE_STEPS = 16, ELLIPSE_STEPS = 64, CORNER_STEPS = 8 };

static const float PI = 3.14159265F;

struct pen {
	const char *at; /* the rest of the path */
	const struct placing *placing;
	edge_fn *edge;
	void *arg;
	struct point first, last; /* of the open curve, on the square of 100 by 100 */
};

static void skip_spaces(struct pen *pen)
{
	while (*pen->at == ' ')
		pen->at++;
}

static bool has_number(struct pen *pen)
{
	skip_spaces(pen);
	return (*pen->at >= '0' && *pen->at <= '9') || *pen->at == '-' || *pen->at == '.';
}

static float number(struct pen *pen)
{
	char *end;
	bool there = has_number(pen);
	float value = there ? strtof(pen->at, &end) : 0;

	assert(there);
	pen->at = end;
	return value;
}

static struct point point(struct pen *pen)
{
	float x = number(pen);

	return (struct point){x, number(pen)};
}

static struct point placed(const struct pen *pen, struct point point)
{
	const struct placing *placing = pen->placing;
	float x = placing->mirrored ? 100 - point.x : point.x;

	return (struct point){placing->x + x * placing->side / 100,
	                      placing->y + point.y * placing->side / 100};
}

static void line_to(struct pen *pen, struct point to)
{
	pen->edge(pen->arg, placed(pen, pen->last), placed(pen, to));
	pen->last = to;
}

static void move_to(struct pen *pen, struct point to)
{
	pen->first = pen->last = to;
}

static void close_curve(struct pen *pen)
{
	line_to(pen, pen->first);
}

static void curve_to(struct pen *pen, struct point one, struct point two, struct point to)
{
	struct point from = pen->last;

	for (int i = 1; i <= CURVE_STEPS; i++) {
		float t = (float)i / CURVE_STEPS, s = 1 - t;
		float a = s * s * s, b = 3 * s * s * t, c = 3 * s * t * t, d = t * t * t;

		line_to(pen, (struct point){a * from.x + b * one.x + c * two.x + d * to.x,
		                            a * from.y + b * one.y + c * two.y + d * to.y});
	}
}

/* A quadratic curve is a cubic one. */
static void bend_to(struct pen *pen, struct point by, struct point to)
{
	struct point from = pen->last;

	curve_to(pen,
	         (struct point){from.x + (by.x - from.x) * 2 / 3, from.y + (by.y - from.y) * 2 / 3},
	         (struct point){to.x + (by.x - to.x) * 2 / 3, to.y + (by.y - to.y) * 2 / 3}, to);
}

/* Turns around a centre; angles in parts of a whole turn. */
static void arc(struct pen *pen, struct point centre, struct point radius, float from, float to,
                int steps)
{
	for (int i = 0; i <= steps; i++) {
		float angle = 2 * PI * (from + (to - from) * (float)i / (float)steps);

		line_to(pen, (struct point){centre.x + radius.x * cosf(angle),
		                            centre.y + radius.y * sinf(angle)});
	}
}

static void ellipse(struct pen *pen, bool is_hole)
{
	struct point centre = point(pen), radius = point(pen);

	move_to(pen, (struct point){centre.x + radius.x, centre.y});
	arc(pen, centre, radius, 0, is_hole ? -1 : 1, ELLIPSE_STEPS);
	close_curve(pen);
}

static void rectangle(struct pen *pen)
{
	struct point at = point(pen), size = point(pen);
	float radius = number(pen);
	struct point round = {radius, radius};
	float left = at.x + radius, right = at.x + size.x - radius;
	float top = at.y + radius, bottom = at.y + size.y - radius;

	move_to(pen, (struct point){left, at.y});
	arc(pen, (struct point){right, top}, round, 0.75F, 1, CORNER_STEPS);
	arc(pen, (struct point){right, bottom}, round, 0, 0.25F, CORNER_STEPS);
	arc(pen, (struct point){left, bottom}, round, 0.25F, 0.5F, CORNER_STEPS);
	arc(pen, (struct point){left, top}, round, 0.5F, 0.75F, CORNER_STEPS);
	close_curve(pen);
}

/* A straight line with round ends; its joints overlap, in the same direction. */
static void stroke(struct pen *pen)
{
	float half = number(pen) / 2;
	struct point from = point(pen);

	while (has_number(pen)) {
		struct point to = point(pen), round = {half, half};
		float along = atan2f(to.y - from.y, to.x - from.x) / (2 * PI);

		move_to(pen, (struct point){to.x + half * cosf(2 * PI * (along - 0.25F)),
		                            to.y + half * sinf(2 * PI * (along - 0.25F))});
		arc(pen, to, round, along - 0.25F, along + 0.25F, CORNER_STEPS * 2);
		arc(pen, from, round, along + 0.25F, along + 0.75F, CORNER_STEPS * 2);
		close_curve(pen);
		from = to;
	}
}

static void step(struct pen *pen, char command)
{
	struct point one, two;

	switch (command) {
	case 'M':
		move_to(pen, point(pen));
		return;
	case 'L':
		line_to(pen, point(pen));
		return;
	case 'H':
		line_to(pen, (struct point){number(pen), pen->last.y});
		return;
	case 'V':
		line_to(pen, (struct point){pen->last.x, number(pen)});
		return;
	case 'Q':
		one = point(pen);
		bend_to(pen, one, point(pen));
		return;
	case 'C':
		one = point(pen);
		two = point(pen);
		curve_to(pen, one, two, point(pen));
		return;
	case 'Z':
		close_curve(pen);
		return;
	case 'O':
	case 'o':
		ellipse(pen, command == 'o');
		return;
	case 'R':
		rectangle(pen);
		return;
	default:
		assert(command == 'S');
		stroke(pen);
	}
}

void outline(const char *path, const struct placing *placing, edge_fn *edge, void *arg)
{
	struct pen pen = {.at = path, .placing = placing, .edge = edge, .arg = arg};
	char command = 0;

	for (skip_spaces(&pen); *pen.at != '\n' && *pen.at != '\0'; skip_spaces(&pen)) {
		if (!has_number(&pen))
			command = *pen.at++;
		step(&pen, command);
	}
}
