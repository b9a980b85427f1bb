/* days: the days of a report, from the query. */
#ifndef SEBEZ_SHOP_REPORTS_DAYS_H
#define SEBEZ_SHOP_REPORTS_DAYS_H

#include "task/task.h"

enum { DAY_LENGTH = 10 }; /* 2026-02-17 */

struct report_days {
	char from[DAY_LENGTH + 1];
	char to[DAY_LENGTH + 1];    /* included */
	char until[DAY_LENGTH + 1]; /* the day after it */
};

/* from and to as the query has them, or NULL: the last 30 days. Ends the task when they are no
 * days, or more than five years. */
struct report_days report_days_of(struct task *task, const char *from, const char *to);

#endif
