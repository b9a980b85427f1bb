#include "task/task.h"

#include <assert.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/limits.h"
#include "task/db_internal.h"
#include "task/key_lock.h"

bool task_run(struct task *task, void (*body)(struct task *task))
{
	assert(!task->running);
	assert(task->arena != NULL);
	task->running = true;
	task->problem = (struct problem){.code = PROBLEM_NONE, .detail = ""};
	/* No locals survive the jump: the result is in the task. */
	if (_setjmp(task->end_point) == 0)
		body(task);
	task->running = false;
	db_task_done(task);
	key_lock_release(task);
	assert(task->key_lock == NULL && (task->db == NULL || task->db->open == NULL));
	return task->problem.code == PROBLEM_NONE;
}

const char *task_attempt(struct task *outer, struct task *part, void (*body)(struct task *part))
{
	const char *why = NULL;

	part->deadline_ms = outer->deadline_ms;
	part->actor = outer->actor;
	part->name = outer->name;
	memcpy(part->request_id, outer->request_id, sizeof(part->request_id));
	part->arena = arena_new(LIMIT_REQUEST_ARENA_BYTES, task_arena_full, part);
	if (!task_run(part, body))
		why = arena_strdup(outer->arena, part->problem.log != NULL ? part->problem.log
		                                                           : part->problem.detail);
	arena_free(part->arena);
	return why;
}

_Noreturn void task_end_with(struct task *task, struct problem problem)
{
	assert(task->running);
	assert(problem.code != PROBLEM_NONE);
	if (problem.detail == NULL)
		problem.detail = "";
	task->problem = problem;
	_longjmp(task->end_point, 1);
}

_Noreturn void task_end(struct task *task, const struct problem_code *code, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	const char *detail = arena_vprintf(task->arena, format, arguments);
	va_end(arguments);
	task_end_with(task, (struct problem){.code = code, .detail = detail});
}

_Noreturn void task_end_about(struct task *task, const struct problem_code *code, const char *field,
                              const char *error_code, const char *detail)
{
	struct buf buf = buf_new(task->arena, 256);
	struct json json = json_new(&buf);
	json_open_array(&json);
	json_open_object(&json);
	json_put_str(&json, "field", field);
	json_put_str(&json, "code", error_code);
	json_put_str(&json, "detail", detail);
	json_close_object(&json);
	json_close_array(&json);
	task_end_with(task, (struct problem){.code = code, .detail = detail, .errors = buf.data});
}

_Noreturn void task_end_field(struct task *task, const char *field, const char *error_code,
                              const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	const char *detail = arena_vprintf(task->arena, format, arguments);
	va_end(arguments);
	task_end_about(task, PROBLEM_INVALID, field, error_code, detail);
}

void task_arena_full(void *owner)
{
	struct task *task = owner;
	/* Must not allocate here, so the detail is a constant. */
	task_end_with(task,
	              (struct problem){.code = PROBLEM_TOO_LARGE,
	                               .detail = "The request needs more memory than allowed"});
}
