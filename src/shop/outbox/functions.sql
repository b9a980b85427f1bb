-- The outbox.
set local role sebez_owner;

-- Marks rows as done whose effects are in this transaction. Raises, and so rolls back the effects, when another
-- worker has taken over the lease: each row takes effect once.
create or replace function outbox_done(ids bigint[], lease timestamptz) returns void language plpgsql as $$
declare
	done bigint;
begin
	update outbox x set done_at = now(), failed_with = null
	where x.id = any (ids) and x.done_at is null and x.due_at = lease;
	get diagnostics done = row_count;
	if done <> cardinality(ids) then
		raise exception 'Another worker has leased these rows' using errcode = 'SB409';
	end if;
end $$;
grant execute on function outbox_done(bigint[], timestamptz) to sebez_jobs;

-- The id by which receivers detect repeated deliveries: the same in every attempt, also after a replay, and
-- different for a row that gets the same number after an older backup was restored. A UUID of version 8.
create or replace function delivery_id(created timestamptz, row_id bigint) returns uuid
language sql immutable parallel safe as $$
	select (lpad(to_hex((extract(epoch from created) * 1000)::bigint), 12, '0') || '80008'
	        || lpad(to_hex(row_id), 15, '0'))::uuid
$$;
grant execute on function delivery_id(timestamptz, bigint) to sebez_jobs;
