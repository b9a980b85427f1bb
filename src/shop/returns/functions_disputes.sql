-- Moves of disputes. docs/RETURNS.md, "Disputes".
set local role sebez_owner;

-- The states of a dispute, and who takes it from one to another. system: the clock.
create or replace function dispute_moves() returns table (from_state text, to_state text, who text[])
language sql immutable parallel safe as $$
	values ('opened', 'in_review', array['staff', 'system']),
	       ('opened', 'decided', array['admin']),
	       ('opened', 'withdrawn', array['customer']),
	       ('in_review', 'decided', array['admin']),
	       ('in_review', 'withdrawn', array['customer'])
$$;
grant execute on function dispute_moves() to sebez_customer, sebez_vendor, sebez_admin, sebez_kernel;

create or replace function dispute_open_states() returns text[] language sql immutable parallel safe
return array['opened', 'in_review'];
grant execute on function dispute_open_states() to sebez_kernel;

-- Where an actor may take it from this state.
create or replace function dispute_allowed(state text, actor text) returns json language sql immutable parallel safe
return (select coalesce(json_agg(m.to_state), '[]') from dispute_moves() m
        where m.from_state = dispute_allowed.state and dispute_allowed.actor = any (m.who));
grant execute on function dispute_allowed(text, text) to sebez_customer, sebez_vendor, sebez_admin;

set local role sebez_kernel;

create or replace function dispute_tell(d dispute, from_state text) returns void
language sql set search_path = public, pg_temp as $$
	select feed_add_events(event_dispute_changed(d.account_id, d.vendor_id, id => d.id,
		sub_order_id => d.sub_order_id, order_id => d.order_id, vendor_id => d.vendor_id, status => d.state,
		was => from_state, outcome => d.outcome, by => current_setting('sebez.actor', true), version => d.version))
$$;

-- The acting customer disputes a sub-order, which is locked already and theirs. What the vendor earned of it is held
-- until the dispute ends.
create or replace function dispute_open(new_id uuid, of_sub_order uuid, why text) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	s sub_order;
	f platform;
	d dispute;
	delivered timestamptz;
begin
	select * into strict s from sub_order x where x.id = of_sub_order;
	select * into strict f from platform;
	select max(h.at) into delivered from sub_order_history h
	where h.vendor_id = s.vendor_id and h.sub_order_id = s.id and h.to_state = 'delivered';
	if s.state not in ('shipped', 'delivered', 'completed') or s.received_at is null then
		raise exception 'Only what was shipped and paid can be disputed.' using errcode = 'SB409';
	elsif delivered + make_interval(days => f.dispute_days) < now() then
		raise exception 'It could be disputed for % days after delivery.', f.dispute_days using errcode = 'SB409';
	elsif exists (select from dispute x where x.vendor_id = s.vendor_id and x.sub_order_id = s.id
	              and x.state = any (dispute_open_states())) then
		raise exception 'A dispute about this sub-order is open.' using errcode = 'SB409';
	end if;
	insert into dispute (vendor_id, id, sub_order_id, order_id, account_id, reason, deadline_at)
	values (s.vendor_id, new_id, s.id, s.order_id, s.account_id, why,
	        now() + make_interval(days => f.dispute_answer_days))
	returning * into d;
	perform ledger_hold(s.id);
	perform dispute_tell(d, null);
end $$;
grant execute on function dispute_open(uuid, uuid, text) to sebez_customer;

-- Takes a dispute to another state, as its table allows the actor. The caller has locked its sub-order and may see it.
create or replace function dispute_move(moved uuid, target text, decided text, why text) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	d dispute;
	old text;
begin
	select * into strict d from dispute x where x.id = moved for update;
	old := d.state;
	if not exists (select from dispute_moves() m where m.from_state = d.state and m.to_state = target
	               and current_setting('sebez.actor', true) = any (m.who)) then
		raise exception 'The dispute is % and cannot become %.', d.state, target using errcode = 'SB409';
	end if;
	update dispute x set state = target, outcome = decided, decision_reason = why, deadline_at = null,
		version = x.version + 1, updated_at = now()
	where x.vendor_id = d.vendor_id and x.id = d.id
	returning * into d;
	if d.state <> all (dispute_open_states()) then
		perform ledger_unhold(d.sub_order_id);
	end if;
	perform dispute_tell(d, old);
end $$;
grant execute on function dispute_move(uuid, text, text, text) to sebez_customer, sebez_admin;

-- What a side says. The first answer of the vendor brings the dispute to the admins.
create or replace function dispute_say(new_id uuid, about uuid, says text) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	d dispute;
begin
	select * into strict d from dispute x where x.id = about for update;
	if d.state <> all (dispute_open_states()) then
		raise exception 'The dispute is %.', d.state using errcode = 'SB409';
	end if;
	insert into dispute_statement (vendor_id, id, dispute_id, account_id, actor, actor_id, text)
	values (d.vendor_id, new_id, d.id, d.account_id, current_setting('sebez.actor', true), current_account(), says);
	if d.state = 'opened' and current_setting('sebez.actor', true) = 'staff' then
		perform dispute_move(d.id, 'in_review', null, null);
	end if;
end $$;
grant execute on function dispute_say(uuid, uuid, text) to sebez_customer, sebez_vendor;

-- Notes the refund that a decision made.
create or replace function dispute_refunded(decided uuid, refund uuid) returns void
language sql security definer set search_path = public, pg_temp as $$
	update dispute d set refund_id = refund where d.id = decided and d.state = 'decided'
$$;
grant execute on function dispute_refunded(uuid, uuid) to sebez_admin;

-- Brings up to `most` disputes that their vendors have not answered in time to the admins. Never waits for a sub-order.
-- Returns how many.
create or replace function disputes_meet_deadlines(most int) returns int
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	due uuid[];
begin
	due := array(
		select d.id from dispute d join sub_order s on s.vendor_id = d.vendor_id and s.id = d.sub_order_id
		where d.deadline_at <= now()
		order by d.deadline_at limit most for no key update of s skip locked);
	perform dispute_move(d.id, 'in_review', null, null) from dispute d
	where d.id = any (due) and d.deadline_at <= now();
	return cardinality(due);
end $$;
grant execute on function disputes_meet_deadlines(int) to sebez_jobs;
