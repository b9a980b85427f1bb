-- Moves of returns. docs/RETURNS.md.
set local role sebez_owner;

-- The states of a return: who takes it from one to another, and whether they say why. system: the clock.
create or replace function return_moves()
returns table (from_state text, to_state text, who text[], needs_reason boolean)
language sql immutable parallel safe as $$
	values ('requested', 'approved', array['staff', 'admin', 'system'], false),
	       ('requested', 'refused', array['staff', 'admin'], true),
	       ('requested', 'cancelled', array['customer'], false),
	       ('approved', 'approved', array['staff', 'admin'], false), -- with other instructions
	       ('approved', 'shipped', array['customer'], false),
	       ('approved', 'received', array['staff', 'admin'], false),
	       ('approved', 'cancelled', array['customer', 'system'], false),
	       ('shipped', 'received', array['staff', 'admin'], false),
	       ('received', 'inspected', array['staff', 'admin'], false),
	       ('inspected', 'refunded', array['staff', 'admin'], false),
	       ('inspected', 'refused', array['staff', 'admin'], true)
$$;
grant execute on function return_moves() to sebez_customer, sebez_vendor, sebez_admin, sebez_kernel;

-- Those in which it goes on: the earnings of its sub-order are not released meanwhile.
create or replace function return_open_states() returns text[] language sql immutable parallel safe
return array['requested', 'approved', 'shipped', 'received', 'inspected'];
grant execute on function return_open_states() to sebez_customer, sebez_vendor, sebez_admin, sebez_kernel;

-- Where an actor may take it from this state.
create or replace function return_allowed(state text, actor text) returns json language sql immutable parallel safe
return (select coalesce(json_agg(m.to_state), '[]') from return_moves() m
        where m.from_state = return_allowed.state and return_allowed.actor = any (m.who));
grant execute on function return_allowed(text, text) to sebez_customer, sebez_vendor, sebez_admin;

set local role sebez_kernel;

-- For how many days after delivery goods of this category are taken back: as the category says, or the nearest above
-- it, else the settings.
create or replace function return_days(category uuid) returns int language sql stable
set search_path = public, pg_temp as $$
	select coalesce((
		select a.return_days from category c
		cross join lateral unnest(c.path) with ordinality p (id, depth)
		join category a on a.id = p.id
		where c.id = category and a.return_days is not null order by p.depth desc limit 1), f.return_days)
	from platform f
$$;

-- When the deadline of a state is: of the clock, or, once the goods are on their way, of the vendor, for which
-- admins look (adminListReturns, overdue).
create or replace function return_deadline(state text) returns timestamptz language sql stable
set search_path = public, pg_temp as $$
	select case when return_deadline.state = 'requested' then now() + make_interval(days => f.return_answer_days)
	            when return_deadline.state = 'approved' then now() + make_interval(days => f.return_ship_days)
	            when return_deadline.state = 'shipped'
	            then now() + make_interval(days => f.return_ship_days + f.return_answer_days)
	            when return_deadline.state in ('received', 'inspected')
	            then now() + make_interval(days => f.return_answer_days) end
	from platform f
$$;

create or replace function return_note(r goods_return, from_state text, why text) returns void
language sql set search_path = public, pg_temp as $$
	insert into goods_return_history (vendor_id, return_id, number, account_id, from_state, to_state, actor, actor_id,
	                                  reason)
	select r.vendor_id, r.id, (select coalesce(max(h.number), 0) + 1 from goods_return_history h
	                           where h.vendor_id = r.vendor_id and h.return_id = r.id),
	       r.account_id, from_state, r.state, current_setting('sebez.actor', true), current_account(), why;
	select feed_add_events(event_return_changed(r.account_id, r.vendor_id, id => r.id, sub_order_id => r.sub_order_id,
		order_id => r.order_id, vendor_id => r.vendor_id, status => r.state, was => from_state,
		by => current_setting('sebez.actor', true), version => r.version))
$$;

-- The acting customer asks to return so much of these lines. The sub-order is locked already, and theirs.
create or replace function return_request(new_id uuid, of_sub_order uuid, lines uuid[], quantities int[], why text,
	says text) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	s sub_order;
	r goods_return;
	wrong record;
	delivered timestamptz;
begin
	select * into strict s from sub_order x where x.id = of_sub_order;
	select max(h.at) into delivered from sub_order_history h
	where h.vendor_id = s.vendor_id and h.sub_order_id = s.id and h.to_state = 'delivered';
	if s.state not in ('delivered', 'completed') or delivered is null or s.received_at is null then
		raise exception 'Only what was delivered and paid can be returned.' using errcode = 'SB409';
	end if;
	select n.number - 1 as number, l.id, n.repeated, l.remaining, l.days into wrong
	from (select u.line, u.quantity, u.number, row_number() over (partition by u.line order by u.number) > 1 as repeated
	      from unnest(lines, quantities) with ordinality u (line, quantity, number)) n
	left join lateral (
		select x.id, return_days(p.category_id) as days, x.shipped_quantity - x.refunded_quantity - coalesce((
			select sum(y.quantity) from goods_return_line y
			join goods_return o on o.vendor_id = y.vendor_id and o.id = y.return_id
			where y.vendor_id = x.vendor_id and y.order_line_id = x.id and o.state = any (return_open_states())), 0)
			as remaining
		from order_line x join product p on p.vendor_id = x.vendor_id and p.id = x.product_id
		where x.vendor_id = s.vendor_id and x.sub_order_id = s.id and x.id = n.line) l on true
	where l.id is null or n.repeated or n.quantity > l.remaining or delivered + make_interval(days => l.days) < now()
	order by n.number limit 1;
	if wrong.number is not null and wrong.id is null then
		perform refuse_field(format('/lines/%s/line_id', wrong.number), 'unknown',
			'This line is not part of the sub-order.');
	elsif wrong.repeated then
		perform refuse_field(format('/lines/%s/line_id', wrong.number), 'duplicate', 'This line is listed twice.');
	elsif delivered + make_interval(days => wrong.days) < now() then
		perform refuse_field(format('/lines/%s/line_id', wrong.number), 'expired',
			format('It could be returned for %s days after delivery.', wrong.days));
	elsif wrong.number is not null then
		perform refuse_field(format('/lines/%s/quantity', wrong.number), 'maximum',
			format('At most %s of this line can be returned.', wrong.remaining));
	end if;
	insert into goods_return (vendor_id, id, sub_order_id, order_id, account_id, reason, comment, deadline_at)
	values (s.vendor_id, new_id, s.id, s.order_id, s.account_id, why, says, return_deadline('requested'))
	returning * into r;
	insert into goods_return_line (vendor_id, return_id, order_line_id, account_id, quantity)
	select s.vendor_id, new_id, n.line, s.account_id, n.quantity from unnest(lines, quantities) n (line, quantity);
	perform return_note(r, null, null);
end $$;
grant execute on function return_request(uuid, uuid, uuid[], int[], text, text) to sebez_customer;

-- Takes a return to another state, as its table allows the actor. The caller has locked its sub-order and may see it.
create or replace function return_move(moved uuid, target text, why text, says text, by_carrier text, tracking text,
	refund uuid) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	r goods_return;
	old text;
begin
	select * into strict r from goods_return x where x.id = moved for update;
	old := r.state;
	if not exists (select from return_moves() m where m.from_state = r.state and m.to_state = target
	               and current_setting('sebez.actor', true) = any (m.who)
	               and (why is not null or not m.needs_reason)) then
		raise exception 'The return is % and cannot become %.', r.state, target using errcode = 'SB409';
	end if;
	if old = 'approved' and target = 'approved' and says is null then
		perform refuse_field('/instructions', 'required', 'The return is approved already; give other instructions.');
	end if;
	-- The customer's time begins when they know where to send the goods.
	update goods_return x set state = target, deadline_at = case when target <> 'approved'
			or coalesce(says, x.instructions) is not null then return_deadline(target) end,
		decision_reason = case when target in ('refused', 'cancelled') then why end,
		instructions = coalesce(says, x.instructions), carrier = coalesce(by_carrier, x.carrier),
		tracking_number = coalesce(tracking, x.tracking_number), refund_id = refund, overdue_told_at = null,
		version = x.version + 1, updated_at = now()
	where x.vendor_id = r.vendor_id and x.id = r.id
	returning * into r;
	perform return_note(r, old, why);
end $$;
grant execute on function return_move(uuid, text, text, text, text, text, uuid) to sebez_customer, sebez_vendor,
	sebez_admin;

-- What of a return is accepted: so much of these lines, of the others nothing; of all that came when none is given.
create or replace function return_accept(inspected uuid, lines uuid[], quantities int[], restocks boolean[])
returns void language plpgsql security definer set search_path = public, pg_temp as $$
declare
	wrong record;
begin
	select n.number - 1 as number, l.quantity, l.order_line_id as id, n.repeated into wrong
	from (select u.line, u.quantity, u.number, row_number() over (partition by u.line order by u.number) > 1 as repeated
	      from unnest(lines, quantities) with ordinality u (line, quantity, number)) n
	left join goods_return_line l on l.return_id = inspected and l.order_line_id = n.line
	where l.order_line_id is null or n.repeated or n.quantity > l.quantity
	order by n.number limit 1;
	if wrong.number is not null and wrong.id is null then
		perform refuse_field(format('/lines/%s/line_id', wrong.number), 'unknown', 'This line is not returned.');
	elsif wrong.repeated then
		perform refuse_field(format('/lines/%s/line_id', wrong.number), 'duplicate', 'This line is listed twice.');
	elsif wrong.number is not null then
		perform refuse_field(format('/lines/%s/quantity', wrong.number), 'maximum',
			format('%s of this line are returned.', wrong.quantity));
	end if;
	update goods_return_line l set accepted_quantity = coalesce(n.quantity, case cardinality(lines) when 0
			then l.quantity else 0 end), restock = coalesce(n.restock, false)
	from goods_return_line x
	left join unnest(lines, quantities, restocks) n (line, quantity, restock) on n.line = x.order_line_id
	where x.return_id = inspected and l.vendor_id = x.vendor_id and l.return_id = x.return_id
	and l.order_line_id = x.order_line_id;
end $$;
grant execute on function return_accept(uuid, uuid[], int[], boolean[]) to sebez_vendor, sebez_admin;

-- Moves up to `most` returns whose deadline has come: one that was not answered is approved, one that was not sent is
-- cancelled. Never waits for a sub-order. Returns how many.
create or replace function returns_meet_deadlines(most int) returns int
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	due uuid[];
	one uuid;
begin
	due := array(
		select g.id from goods_return g join sub_order s on s.vendor_id = g.vendor_id and s.id = g.sub_order_id
		where g.deadline_at <= now() and g.state in ('requested', 'approved')
		order by g.deadline_at limit most for no key update of s skip locked);
	foreach one in array due loop
		perform return_move(g.id, case g.state when 'requested' then 'approved' else 'cancelled' end,
			case g.state when 'requested' then null else 'Not sent in time' end, null, null, null, null)
		from goods_return g where g.id = one and g.deadline_at <= now();
	end loop;
	return cardinality(due);
end $$;
grant execute on function returns_meet_deadlines(int) to sebez_jobs;

-- Tells admins of up to `most` returns that their vendors leave lying: once of each deadline, in one mail. Returns how
-- many.
create or replace function returns_tell_overdue(most int) returns int
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	told int;
begin
	with late as (
		select g.vendor_id, g.id from goods_return g
		where g.state in ('shipped', 'received', 'inspected') and g.overdue_told_at is null and g.deadline_at <= now()
		order by g.deadline_at limit most for no key update skip locked
	), noted as (
		update goods_return g set overdue_told_at = now()
		from late l where g.vendor_id = l.vendor_id and g.id = l.id returning 1
	)
	select count(*) into told from noted;
	if told > 0 then
		perform mail_admins('{operations,support}', 'mail.returns_overdue', json_build_object('count', told),
			'/admin/returns?overdue=true');
	end if;
	return told;
end $$;
grant execute on function returns_tell_overdue(int) to sebez_jobs;
