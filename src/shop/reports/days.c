#include "shop/reports/days.h"

#include <assert.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/limits.h"

enum { USUAL_DAYS = 30 };

static const int64_t DAY_US = 24LL * 60 * 60 * 1000 * 1000;

static void write_day(int64_t day, char ret[DAY_LENGTH + 1])
{
	char text[TIME_TEXT_LENGTH + 1];

	time_format(day * DAY_US, text);
	memcpy(ret, text, DAY_LENGTH);
	ret[DAY_LENGTH] = '\0';
}

/* Since 1970. */
static int64_t read_day(struct task *task, const char *field, const char *text)
{
	char moment[TIME_TEXT_LENGTH + 1] = "";
	int64_t us;

	if (strlen(text) == DAY_LENGTH) {
		memcpy(moment, text, DAY_LENGTH);
		strcpy(moment + DAY_LENGTH, "T00:00:00Z");
	}
	if (!time_parse(moment, &us) || us < 0)
		task_end_field(task, field, "format", "must be a day such as 2026-02-17");
	return us / DAY_US;
}

struct report_days report_days_of(struct task *task, const char *from, const char *to)
{
	struct report_days days;
	int64_t last = to != NULL ? read_day(task, "?to", to) : clock_now_us() / DAY_US;
	int64_t first = from != NULL ? read_day(task, "?from", from) : last - USUAL_DAYS + 1;

	if (first > last)
		task_end_field(task, "?from", "maximum", "must not be after the last day");
	if (last - first >= LIMIT_REPORT_DAYS)
		task_end_field(task, "?from", "minimum",
		               "must be at most five years before the last day");
	first = first > 0 ? first : 0;
	write_day(first, days.from);
	write_day(last, days.to);
	write_day(last + 1, days.until);
	assert(strcmp(days.from, days.to) <= 0);
	return days;
}
