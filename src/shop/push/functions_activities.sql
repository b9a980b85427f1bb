-- Live Activities, which follow a sub-order on the screen of an iPhone. docs/NOTIFICATIONS.md.
set local role sebez_owner;

-- After so long iOS ends an activity.
create or replace function activity_life() returns interval language sql immutable parallel safe as $$
	select interval '8 hours'
$$;
grant execute on function activity_life() to sebez_jobs;

-- An activity whose token is new may have missed a step: it is shown where its sub-order stands.
create or replace function show_activity() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if tg_op = 'INSERT' or old.token is distinct from new.token then
		insert into outbox (topic, destination, subject_id, payload)
		select 'live_activity', push_destination(d.provider, d.environment, d.address), new.sub_order_id,
		       json_build_object('account_id', new.account_id, 'device_id', new.device_id)
		from device d where d.account_id = new.account_id and d.id = new.device_id;
	end if;
	return null;
end $$;

-- One row of the outbox for each activity whose sub-order has changed in these transactions. Of a sub-order that is
-- over, those that cannot be reached are removed.
create or replace function activities_move(after_tx bigint, up_to bigint) returns bigint
language plpgsql set plan_cache_mode = force_custom_plan as $$
declare
	moved bigint;
begin
	with changed as materialized (
		select a.account_id, a.device_id, a.sub_order_id, a.token,
		       bool_or(e.payload ->> 'status' is distinct from e.payload ->> 'was') as moves,
		       bool_or(e.payload ->> 'status' in ('delivered', 'cancelled')) as ends
		from event e
		join live_activity a on a.sub_order_id = (e.payload ->> 'id')::uuid and a.account_id = e.owner_id
		where e.tx > after_tx and e.tx <= up_to and e.kind = 'sub_order_changed'
		group by a.account_id, a.device_id, a.sub_order_id
	), over as (
		delete from live_activity a using changed c
		where a.account_id = c.account_id and a.device_id = c.device_id and a.sub_order_id = c.sub_order_id
		and c.ends and a.token is null
	)
	insert into outbox (topic, destination, subject_id, payload)
	select 'live_activity', push_destination(d.provider, d.environment, d.address), c.sub_order_id,
	       json_build_object('account_id', c.account_id, 'device_id', c.device_id, 'moves', c.moves)
	from changed c join device d on d.account_id = c.account_id and d.id = c.device_id
	where c.token is not null;
	get diagnostics moved = row_count;
	return moved;
end $$;
grant execute on function activities_move(bigint, bigint) to sebez_jobs;

-- Starts an activity on each device that can be asked to and is told of one of these notices: that an order was
-- accepted, or shipped. Not where there is one; another one only when iOS has ended it.
create or replace function activities_start(ids uuid[]) returns void language plpgsql as $$
begin
	with asked as (
		select distinct on (w.account_id, d.id, n.data ->> 'id')
		       w.account_id, d.id as device_id, (n.data ->> 'id')::uuid as sub_order_id, w.id as notice_id,
		       push_destination(d.provider, d.environment, d.address) as destination,
		       case when w.has_quiet_hours then quiet_until(w.account_id, now()) end as quiet_until
		from push_wanted(ids) w
		join notice n on n.id = w.id
		join device d on d.account_id = w.account_id and d.start_token is not null
		where w.kind in ('sub_order_accepted', 'sub_order_partially_shipped', 'sub_order_shipped')
		order by w.account_id, d.id, n.data ->> 'id', w.id desc
	), started as (
		insert into live_activity as a (account_id, device_id, sub_order_id)
		select x.account_id, x.device_id, x.sub_order_id from asked x
		on conflict (account_id, device_id, sub_order_id) do update
		set token = null, registered_at = now(), start_sent_at = null where a.registered_at < now() - activity_life()
		returning a.account_id, a.device_id, a.sub_order_id
	)
	insert into outbox (topic, destination, subject_id, payload, due_at)
	select 'live_activity', x.destination, x.sub_order_id,
	       json_build_object('account_id', x.account_id, 'device_id', x.device_id, 'notice_id', x.notice_id),
	       coalesce(x.quiet_until, now())
	from started s
	join asked x on x.account_id = s.account_id and x.device_id = s.device_id and x.sub_order_id = s.sub_order_id;
end $$;
grant execute on function activities_start(uuid[]) to sebez_jobs;
