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
-- under way, or failed, return of it, and what the bank has charged back of it. Called by settle_payments(), under the
-- lock of the sub-orders and their payments.
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
			and r.state in ('pending', 'failed')), 0) - charged_back(s.vendor_id, s.id) as amount
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

-- An admin is to see that a refund does not arrive by itself.
create or replace function refund_tell(failed uuid) returns void
language sql security definer set search_path = public, pg_temp as $$
	select mail_admins('{finance}', 'mail.refund_failed', json_build_object('order', o.number, 'amount',
		json_build_object('amount', r.amount, 'currency', r.currency)), '/admin/orders/' || o.id)
	from payment_refund r join shop_order o on o.id = r.order_id
	where r.id = failed and r.state = 'failed'
$$;

-- A refund that was refused, and that a lost chargeback counted as paid back: the bank has paid it, so the marketplace
-- does not lose it.
create or replace function refund_paid_by_bank(refund uuid) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
	r payment_refund;
	c chargeback;
begin
	select * into r from payment_refund x where x.id = refund and x.state = 'failed'
	and x.failure is distinct from 'unanswered';
	select x.* into c from chargeback x where x.attempt_id = r.attempt_id and x.state = 'lost' and r.amount <= (
		select coalesce(sum(e.amount), 0) from journal j join journal_entry e on e.journal_id = j.id
		where j.cause_kind = 'chargeback_lost' and j.cause_id = x.id and e.account = 'chargeback_costs')
	order by x.id limit 1;
	if c.id is null then
		return;
	end if;
	update payment_refund x set state = 'by_hand', updated_at = now() where x.id = r.id;
	perform chargeback_journal(c, 'chargeback_lost', array[
		chargeback_entry('provider:' || c.provider, null, 'chargeback', r.amount),
		chargeback_entry('chargeback_costs', null, 'chargeback', -r.amount)]);
	if r.sub_orders = '{}' then
		perform ledger_extra(r.attempt_id, 'extra_refunded');
		return;
	end if;
	update sub_order s set refunded_amount = s.refunded_amount + n.amount
	from unnest(r.sub_orders, r.amounts) n (id, amount)
	where s.id = n.id and s.order_id = r.order_id;
	perform settle_payments(r.sub_orders);
end $$;

-- The provider did not make a refund, which the caller has locked after the sub-orders of its order.
create or replace function refund_failed(refund uuid) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
	perform refund_paid_by_bank(refund);
	perform refund_tell(refund);
end $$;
grant execute on function refund_failed(uuid) to sebez_jobs;

-- What the provider had paid back came back to it: the refund is due again, and is not made again by itself. The caller
-- has locked the sub-orders of its order, and the refund.
create or replace function refund_undo(refund uuid, why text) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	r payment_refund;
begin
	update payment_refund x set state = 'failed', failure = why, updated_at = now()
	where x.id = refund and x.state = 'refunded' returning * into r;
	if r.id is null then
		return;
	elsif r.sub_orders = '{}' then
		perform ledger_extra(r.attempt_id, 'extra_refund_failed');
	else
		update sub_order s set refunded_amount = s.refunded_amount - n.amount
		from unnest(r.sub_orders, r.amounts) n (id, amount)
		where s.id = n.id and s.order_id = r.order_id;
		perform settle_payments(r.sub_orders);
	end if;
	perform refund_failed(r.id);
end $$;
grant execute on function refund_undo(uuid, text) to sebez_jobs;

-- Gives up refunds that providers have not made for so long that nobody asks about them any more: they may be recorded
-- by hand then. Returns how many.
create or replace function refunds_give_up(most int) returns int
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	late uuid[];
begin
	late := array(
		select r.id from payment_refund r
		where r.state = 'pending' and r.updated_at < now() - interval '1 day'
		and not exists (select from outbox o where o.topic = 'payment_refunds' and o.subject_id = r.id)
		order by r.id limit most for update skip locked);
	update payment_refund r set state = 'failed', failure = 'unanswered', updated_at = now() where r.id = any (late);
	perform refund_tell(x.id) from unnest(late) x (id);
	return cardinality(late);
end $$;
grant execute on function refunds_give_up(int) to sebez_jobs;

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
