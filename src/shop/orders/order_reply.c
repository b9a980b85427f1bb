#include "shop/orders/order_reply.h"

#include <ctype.h>

#include "moves.sql.h"

void reply_move(struct request *rq, struct move *move)
{
	struct sub_order *part = move_finish(move);
	struct buf body = buf_new(rq->task.arena, 4096);
	struct json json = json_new(&body);

	sub_order_json(part, order_view_of(move->task), &json);
	reply_commit_json(rq, move->tx, 200, &body);
}

struct order *order_lock(struct db *chain, struct uuid order_id)
{
	struct order_rows asked;

	sql_sub_orders_lock(chain, order_id);
	asked = order_ask(chain, order_id);
	db_run(chain);
	return order_fetch(chain, &asked);
}

void reply_order(struct request *rq, struct db *tx, struct db *chain, struct uuid order_id)
{
	struct order_rows asked = order_ask(chain, order_id);
	struct buf body = buf_new(rq->task.arena, 4096);
	struct json json = json_new(&body);

	db_run(chain);
	order_json(order_fetch(chain, &asked), order_view_of(&rq->task), &json);
	reply_commit_json(rq, tx, 200, &body);
}

static const char *allowed_member(struct arena *arena, enum sub_order_state from, unsigned who)
{
	struct buf buf = buf_new(arena, 128);
	struct json json = json_new(&buf);

	buf_add_str(&buf, "\"allowed_transitions\":");
	transitions_json(from, who, &json);
	return buf.data;
}

_Noreturn void end_not_allowed(struct task *task, enum sub_order_state from, unsigned who,
                               const char *detail)
{
	task_end_with(task, (struct problem){
	                        .code = PROBLEM_TRANSITION,
	                        .detail = detail,
	                        .extra = allowed_member(task->arena, from, who),
	                    });
}

const char *number_prefix(struct arena *arena, const char *typed)
{
	struct buf prefix;
	int length = 0;

	if (typed == NULL)
		return NULL;
	prefix = buf_new(arena, 32);
	for (; *typed; typed++) {
		char letter = (char)toupper((unsigned char)*typed);
		if (letter == ' ' || letter == '-')
			continue;
		bool begins = ((uint8_t)letter & 0xc0) != 0x80; /* a character of UTF-8 */
		if (begins && (length == 4 || length == 8))
			buf_add_str(&prefix, "-");
		if (letter == 'O')
			letter = '0';
		else if (letter == 'I' || letter == 'L')
			letter = '1';
		buf_add(&prefix, &letter, 1);
		length += begins;
	}
	return prefix.data;
}
