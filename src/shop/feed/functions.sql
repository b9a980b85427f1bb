-- Writing the feed. docs/REALTIME.md.
set local role sebez_owner;

-- Stores events of this transaction, as written by the functions event_…() (tools/gen_events.py), until
-- feed_flush numbers them. For events that only SQL knows, not the calling C code. They are stored as elements
-- of a JSON array in a setting, which ends with the transaction. Rows of an unlogged table, even without an
-- index or a policy, took 2% more CPU of message_send and feed_flush together, and need vacuum.
create or replace function feed_note(lines text) returns void
language plpgsql as $$
declare
	ignored text;
begin
	ignored := set_config('sebez.feed', concat(current_setting('sebez.feed', true), lines), true);
end $$;
grant execute on function feed_note(text) to sebez_customer, sebez_vendor, sebez_admin, sebez_jobs, sebez_kernel;

-- The role bit (staff_role_bit) of the acting staff; 0 for all other actors.
create or replace function current_role_bit() returns int language sql stable parallel safe
return staff_role_bit(coalesce(current_setting('sebez.role', true), ''));
grant execute on function current_role_bit() to sebez_customer, sebez_vendor;

-- Whether staff of this role receive events of conversations.
create or replace function reads_conversations(role text) returns boolean language sql immutable parallel safe
return role in (:MessageSentEvent.staff);
grant execute on function reads_conversations(text) to sebez_customer, sebez_vendor;

-- Whether the actor receives events of conversations.
create or replace function sees_conversations() returns boolean language sql stable parallel safe
return coalesce(current_setting('sebez.role', true), '') = ''
       or reads_conversations(current_setting('sebez.role', true));
grant execute on function sees_conversations() to sebez_customer, sebez_vendor;

set local role sebez_kernel;

-- Writes the noted and the given events of this transaction. Must be the last statement of its transaction: the
-- rows of feeds are locked in order of their owners, after all other locks, for the commit only.
create or replace function feed_flush(owners uuid[], kinds text[], payloads text[])
returns table (epoch bigint, owner_id uuid, number bigint, kind text, payload json, at timestamptz)
language plpgsql security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
	noted json := '[' || rtrim(current_setting('sebez.feed', true), ',') || ']';
	ignored text := set_config('sebez.feed', '', true);
begin
	return query
	with told as materialized (
		select t.owner_id, t.kind, t.payload,
		       row_number() over (partition by t.owner_id order by t.source, t.ord) as nth,
		       count(*) over (partition by t.owner_id) as events
		from (
			select (n.told ->> 0)::uuid as owner_id, n.told ->> 1 as kind, n.told -> 2 as payload,
			       1 as source, n.ord
			from json_array_elements(noted) with ordinality as n (told, ord)
			union all
			select g.owner_id, g.kind, g.payload::json, 2, g.ord
			from unnest(owners, kinds, payloads) with ordinality as g (owner_id, kind, payload, ord)
		) t
	), numbered as (
		insert into feed as f (owner_id, last_number)
		select owner_id, events from told where nth = 1 order by owner_id
		on conflict (owner_id) do update set last_number = f.last_number + excluded.last_number
		returning f.owner_id, f.last_number
	), written as (
		insert into event (owner_id, number, kind, payload)
		select t.owner_id, n.last_number - t.events + t.nth, t.kind, t.payload
		from told t join numbered n on n.owner_id = t.owner_id
		returning owner_id, number, kind, payload, at
	)
	select e.epoch, w.owner_id, w.number, w.kind, w.payload, w.at
	from written w, feed_epoch e order by w.owner_id, w.number;
end $$;
grant execute on function feed_flush(uuid[], text[], text[]) to sebez_customer, sebez_vendor, sebez_admin,
	sebez_jobs;

set local role sebez_owner;

create or replace function revoke_polls() returns trigger
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
