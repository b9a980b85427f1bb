#include "shop/ledger/month.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

enum { MONTH_LENGTH = 7 };

static bool is_month(const char *text)
{
	for (size_t i = 0; i < MONTH_LENGTH; i++)
		if (i == 4 ? text[i] != '-' : !isdigit((unsigned char)text[i]))
			return false;
	int month = (text[5] - '0') * 10 + text[6] - '0';

	return text[0] == '2' && month >= 1 && month <= 12;
}

void month_check(struct task *task, const char *text)
{
	assert(text != NULL);
	if (strlen(text) != MONTH_LENGTH || !is_month(text))
		task_end(task, PROBLEM_NOT_FOUND, "There is no such month.");
}
