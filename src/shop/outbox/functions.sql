-- The outbox.
set local role sebez_owner;

-- Rows whose effects are in this transaction are done. Raises, and so undoes the effects, when their
-- lease has gone to somebody else meanwhile: each is done once.
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

-- What receivers recognise a delivery by: the same in every attempt, also after a replay, and another one than
-- that of a row which gets the same number after an older backup was restored. A UUID of version 8.
create or replace function delivery_id(created timestamptz, row_id bigint) returns uuid
language sql immutable parallel safe as $$
	select (lpad(to_hex((extract(epoch from created) * 1000)::bigint), 12, '0') || '80008'
	        || lpad(to_hex(row_id), 15, '0'))::uuid
$$;
grant execute on function delivery_id(timestamptz, bigint) to sebez_jobs;
