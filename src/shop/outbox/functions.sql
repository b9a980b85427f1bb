-- The outbox.
set local role sebez_owner;

-- The id by which receivers detect repeated deliveries: the same in every attempt, also after a replay, and
-- different for a row that gets the same number after an older backup was restored. A UUID of version 8.
create or replace function delivery_id(created timestamptz, row_id bigint) returns uuid
language sql immutable parallel safe as $$
	select (lpad(to_hex((extract(epoch from created) * 1000)::bigint), 12, '0') || '80008'
	        || lpad(to_hex(row_id), 15, '0'))::uuid
$$;
grant execute on function delivery_id(timestamptz, bigint) to sebez_jobs;
