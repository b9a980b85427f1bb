-- Writing the feed. docs/REALTIME.md.
set local role sebez_owner;

-- Stores events of this transaction, as written by the functions event_…() (tools/gen_events.py), until
-- feed_flush numbers them. For events that only SQL knows, not the calling C code. They are stored in a setting,
-- which ends with the transaction. Rows of an unlogged table, even without an index or a policy, took 2% more
-- CPU of message_send and feed_flush together, and need vacuum.
create or replace function feed_add_events(lines text) returns void
language plpgsql as $$
declare
	ignored text;
begin
	ignored := set_config('sebez.feed', concat(current_setting('sebez.feed', true), lines), true);
end $$;
grant execute on function feed_add_events(text) to sebez_customer, sebez_vendor, sebez_admin, sebez_jobs, sebez_kernel;

-- The role bit (staff_role_bit) of the acting staff; 0 for all other actors.
create or replace function current_role_bit() returns int language sql stable parallel safe
return staff_role_bit(coalesce(current_setting('sebez.role', true), ''));
grant execute on function current_role_bit() to sebez_customer, sebez_vendor;

-- Whether staff of this role receive events of conversations.
create or replace function reads_conversations(role text) returns boolean language sql immutable parallel safe
return role in (:MessageSentEvent.staff);
grant execute on function reads_conversations(text) to sebez_customer, sebez_vendor, sebez_jobs;

-- Whether the actor receives events of conversations.
create or replace function sees_conversations() returns boolean language sql stable parallel safe
return coalesce(current_setting('sebez.role', true), '') = ''
       or reads_conversations(current_setting('sebez.role', true));
grant execute on function sees_conversations() to sebez_customer, sebez_vendor;

set local role sebez_kernel;

-- Writes the added and the given events of this transaction. Must be the last statement of its transaction: the
-- rows of feeds are locked in order of their owners, after all other locks, for the commit only.
create or replace function feed_flush(lines text)
returns table (epoch bigint, owner_id uuid, number bigint, kind text, payload json, at timestamptz)
language plpgsql security definer set search_path = public, pg_temp set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
declare
	-- Owner, kind and payload of each event; an empty field after the last.
	fields text[] := string_to_array(concat(current_setting('sebez.feed', true), lines), E'\x1f');
	ignored text := set_config('sebez.feed', '', true);
begin
	return query
	with added as materialized (
		select fields[i]::uuid as owner_id, fields[i + 1] as kind, fields[i + 2]::json as payload, i
		from generate_series(1, cardinality(fields) - 1, 3) as i
	), numbered as (
		insert into feed as f (owner_id, last_number)
		select owner_id, count(*) from added group by owner_id order by owner_id
		on conflict (owner_id) do update set last_number = f.last_number + excluded.last_number
		returning f.owner_id, f.last_number
	)
	insert into event (owner_id, number, kind, payload)
	select a.owner_id, n.last_number + 1 - count(*) over (partition by a.owner_id order by a.i
	           rows between current row and unbounded following),
	       a.kind, a.payload
	from added a join numbered n on n.owner_id = a.owner_id
	returning (select e.epoch from feed_epoch e), owner_id, number, kind, payload, at;
end $$;
grant execute on function feed_flush(text) to sebez_auth, sebez_customer, sebez_vendor, sebez_admin, sebez_jobs,
	sebez_media;

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
