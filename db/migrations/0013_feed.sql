-- The feed: what happened, told to whom it concerns, numbered without gaps. docs/REALTIME.md.
set local role sebez_owner;

-- Which life of the database a number belongs to. Renew it after restoring a backup (docs/REALTIME.md):
-- then every client starts afresh instead of waiting for numbers that come a second time.
create table feed_epoch (
	id    boolean primary key default true check (id), -- there is one row
	epoch bigint not null default ('x' || encode(substring(uuid_send(gen_random_uuid()) for 8), 'hex'))::bit(64)::bigint
);
insert into feed_epoch default values;

-- Whose feed: an account or a vendor. Its row's lock makes numbers commit in order.
create table feed (
	owner_id    uuid primary key,
	last_number bigint not null
) with (fillfactor = 50); -- a number is a heap-only update

create table event (
	owner_id uuid not null,
	number   bigint not null,
	kind     text not null,
	payload  json not null,
	at       timestamptz not null default clock_timestamp(),
	-- The writing transaction: whoever sweeps asks for what its last snapshot could not see.
	tx       bigint not null default pg_current_xact_id()::text::bigint,
	primary key (owner_id, number)
);
create index event_written on event using brin (tx, at) with (pages_per_range = 16, autosummarize = on);

-- Who lost a permission: what ends parked polls. Ids that are null mean any.
create table revocation (
	id         bigint generated always as identity primary key,
	account_id uuid,
	session_id uuid,
	vendor_id  uuid,
	at         timestamptz not null default clock_timestamp(),
	tx         bigint not null default pg_current_xact_id()::text::bigint
);
create index revocation_written on revocation (tx);

create function revoke_polls() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
	case tg_table_name
	when 'session' then insert into revocation (account_id, session_id) values (old.account_id, old.id);
	when 'account' then insert into revocation (account_id) values (old.id);
	when 'staff' then insert into revocation (account_id, vendor_id) values (old.account_id, old.vendor_id);
	when 'vendor' then insert into revocation (vendor_id) values (old.id);
	end case;
	return null;
end $$;
grant execute on function revoke_polls() to public;

create trigger revoke_polls after update of ended_at on session for each row
	when (old.ended_at is null and new.ended_at is not null) execute function revoke_polls();
create trigger revoke_polls after update of locked_at on account for each row
	when (old.locked_at is null and new.locked_at is not null) execute function revoke_polls();
create trigger revoke_polls after delete on staff for each row execute function revoke_polls();
create trigger revoke_changed_role after update of role on staff for each row
	when (old.role <> new.role) execute function revoke_polls();
create trigger revoke_polls after update of state on vendor for each row
	when (old.state <> new.state and new.state in ('suspended', 'closed')) execute function revoke_polls();

-- Remembers an event of this transaction; feed_flush writes it. For SQL that knows what the C around
-- it does not.
create function feed_note(owner uuid, kind text, payload json) returns void
language sql volatile as $$
	select set_config('sebez.feed', coalesce(nullif(current_setting('sebez.feed', true), ''), '')
		|| json_build_array(owner, kind, payload)::text || chr(30), true)
$$;
grant execute on function feed_note(uuid, text, json) to sebez_customer, sebez_vendor, sebez_admin, sebez_jobs;

-- Five or less are left, just now, by somebody's order: whoever sets stock by hand knows.
create function note_low_stock() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
	perform feed_note(new.vendor_id, 'low_stock', json_build_object('product_id', new.product_id,
		'variant_id', new.id, 'sku', new.sku, 'available', new.available));
	return null;
end $$;
grant execute on function note_low_stock() to public;
create trigger note_low_stock after update of available on variant for each row
	when (old.available > 5 and new.available <= 5 and current_setting('sebez.actor', true) = 'customer')
	execute function note_low_stock();

-- The money is there, whoever or whatever has found out.
create function note_payment() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
	perform feed_note(new.account_id, 'payment_received', json_build_object('order_id', new.order_id));
	return null;
end $$;
grant execute on function note_payment() to public;
create trigger note_payment after update of received_at on payment for each row
	when (old.received_at is null and new.received_at is not null) execute function note_payment();

grant select on feed_epoch to sebez_kernel, sebez_customer, sebez_vendor, sebez_jobs;
grant select, insert, update on feed to sebez_kernel;
grant select, insert on event to sebez_kernel;
grant execute on function feed_note(uuid, text, json) to sebez_kernel;
grant select on feed, event to sebez_customer, sebez_vendor, sebez_jobs;
grant select on revocation to sebez_jobs;
grant delete on event, revocation to sebez_jobs;

do $$
declare
	t text;
begin
	foreach t in array array['feed', 'event'] loop
		execute format('alter table %I enable row level security, force row level security', t);
		execute format('create policy everything on %I to sebez_jobs, sebez_kernel, sebez_owner '
			'using (true) with check (true)', t);
		execute format('create policy of_customer on %I for select to sebez_customer '
			'using (owner_id = current_account())', t);
		execute format('create policy of_vendor on %I for select to sebez_vendor '
			'using (owner_id = current_vendor())', t);
	end loop;
	alter table revocation enable row level security, force row level security;
	create policy everything on revocation to sebez_jobs, sebez_owner using (true) with check (true);
end $$;

set local role sebez_kernel;

-- Writes the events of this transaction, those given and those noted. The last statement of its
-- transaction: the feeds' rows are locked in one order, after all else, for the commit only.
create function feed_flush(owners uuid[], kinds text[], payloads text[])
returns table (epoch bigint, owner_id uuid, number bigint, kind text, payload json, at timestamptz)
language plpgsql security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
	noted text := nullif(current_setting('sebez.feed', true), '');
begin
	perform set_config('sebez.feed', '', true);
	return query
	with told as (
		select (n ->> 0)::uuid as owner_id, n ->> 1 as kind, n -> 2 as payload, 1 as source, ord
		from (select t.text::json as n, t.ord
		      from unnest(string_to_array(rtrim(noted, chr(30)), chr(30))) with ordinality as t (text, ord)) n
		union all
		select g.owner_id, g.kind, g.payload::json, 2, g.ord
		from unnest(owners, kinds, payloads) with ordinality as g (owner_id, kind, payload, ord)
	), counted as (
		select *, row_number() over (partition by owner_id order by source, ord) as nth from told
	), numbered as (
		insert into feed as f (owner_id, last_number)
		select owner_id, count(*) from told group by owner_id order by owner_id
		on conflict (owner_id) do update set last_number = f.last_number + excluded.last_number
		returning f.owner_id, f.last_number
	), first as (
		select n.owner_id, n.last_number - (select count(*) from told t where t.owner_id = n.owner_id) as before
		from numbered n
	), written as (
		insert into event (owner_id, number, kind, payload)
		select c.owner_id, f.before + c.nth, c.kind, c.payload
		from counted c join first f on f.owner_id = c.owner_id
		returning owner_id, number, kind, payload, at
	)
	select e.epoch, w.owner_id, w.number, w.kind, w.payload, w.at
	from written w, feed_epoch e order by w.owner_id, w.number;
end $$;
grant execute on function feed_flush(uuid[], text[], text[])
	to sebez_customer, sebez_vendor, sebez_admin, sebez_jobs;

set local role sebez_owner;

-- Where a sub-order stands, as events and the state to start from say it.
create function sub_order_state(s sub_order) returns json language sql stable
return json_build_object('id', s.id, 'order_id', s.order_id, 'vendor_id', s.vendor_id, 'number', s.number,
	'status', s.state, 'cancelled_total', json_build_object('amount', s.cancelled_total, 'currency', s.currency),
	'version', s.version);
grant execute on function sub_order_state(sub_order) to sebez_customer, sebez_vendor, sebez_admin, sebez_jobs;
