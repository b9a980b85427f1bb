-- Moves of attempts, and refunds. docs/MONEY.md, "Payments".
set local role sebez_owner;

-- The states of an attempt. What the provider says about money counts, so what came to nothing may still be captured.
create or replace function payment_attempt_moves() returns table (from_state text, to_states text[])
language sql immutable parallel safe as $$
	values
	('created', array['needs_action', 'authorised', 'captured', 'failed', 'cancelled', 'unknown']),
	('needs_action', array['authorised', 'captured', 'failed', 'cancelled', 'unknown']),
	('authorised', array['captured', 'failed', 'cancelled', 'expired', 'unknown']),
	('unknown', array['needs_action', 'authorised', 'captured', 'failed', 'cancelled', 'expired']),
	('failed', array['captured']),
	('cancelled', array['captured']),
	('expired', array['captured'])
$$;
grant execute on function payment_attempt_moves() to sebez_jobs;

create or replace function payment_attempt_may(from_state text, to_state text) returns boolean
language sql immutable parallel safe
return from_state = to_state or exists (select from payment_attempt_moves() m
	where m.from_state = payment_attempt_may.from_state and payment_attempt_may.to_state = any (m.to_states));
grant execute on function payment_attempt_may(text, text) to sebez_jobs;

-- Refuses what is not in the table.
create or replace function move_attempt() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
	if not payment_attempt_may(old.state, new.state) then
		raise exception 'an attempt does not go from % to %', old.state, new.state using errcode = 'check_violation';
	end if;
	return new;
end $$;

set local role sebez_kernel;

-- Makes refunds of what these sub-orders are to get back of payments that providers took, less what refunds that are
-- under way, or failed, return of it. Called by settle_payments(), under the lock of the sub-orders and their payments.
create or replace function refund_by_providers(of_sub_orders uuid[]) returns void
language plpgsql set search_path = public, pg_temp as $$
begin
	if not exists (select from sub_order s where s.id = any (of_sub_orders) and s.payment_state = 'refund_due') then
		return;
	end if;
	with due as (
		select a.id as attempt_id, a.provider, s.order_id, s.account_id, s.currency, s.id as sub_order_id,
		       s.received_amount - s.refunded_amount - (s.total - s.cancelled_total) - coalesce((
			select sum(r.amounts[array_position(r.sub_orders, s.id)]) from payment_refund r
			where r.order_id = s.order_id and s.id = any (r.sub_orders)
			and r.state in ('pending', 'failed')), 0) as amount
		from sub_order s join payment_attempt a on a.order_id = s.order_id and a.outcome = 'order'
		where s.id = any (of_sub_orders) and s.payment_state = 'refund_due'
	), made as (
		insert into payment_refund (id, attempt_id, order_id, account_id, amount, currency, sub_orders, amounts)
		select journal_new_id(), d.attempt_id, d.order_id, d.account_id, sum(d.amount), d.currency,
		       array_agg(d.sub_order_id order by d.sub_order_id), array_agg(d.amount order by d.sub_order_id)
		from due d where d.amount > 0
		group by d.attempt_id, d.order_id, d.account_id, d.currency
		returning id, attempt_id
	)
	insert into outbox (topic, destination, subject_id)
	select 'payment_refunds', a.provider, m.id from made m join payment_attempt a on a.id = m.attempt_id;
end $$;
grant execute on function refund_by_providers(uuid[]) to sebez_kernel;

-- Money of this attempt came although its order was paid already: it is kept apart from the order, and goes back.
create or replace function refund_extra(attempt uuid) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
	perform ledger_extra(attempt, 'extra_received');
	with made as (
		insert into payment_refund (id, attempt_id, order_id, account_id, amount, currency, sub_orders, amounts)
		select journal_new_id(), a.id, a.order_id, a.account_id, a.amount, a.currency, '{}', '{}'
		from payment_attempt a where a.id = attempt and a.outcome = 'extra'
		returning id, attempt_id
	)
	insert into outbox (topic, destination, subject_id)
	select 'payment_refunds', a.provider, m.id from made m join payment_attempt a on a.id = m.attempt_id;
end $$;
grant execute on function refund_extra(uuid) to sebez_jobs;
