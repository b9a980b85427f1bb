#include "task/forget.h"

/* A million rows an hour, at 20,000 per run. */
enum { TURNS_MAX = 50 };

void forget_all(struct task *task, int32_t (*forget)(struct task *task), int32_t most)
{
	for (int turn = 0; turn < TURNS_MAX; turn++)
		if (forget(task) < most)
			return;
}
