-- The outbox.
set local role sebez_owner;

-- Rows whose effects are in this transaction are done. Raises, and so undoes the effects, when their
-- lease has gone to somebody else meanwhile: each is done once.
create or replace function outbox_done(ids bigint[], lease timestamptz) returns void language plpgsql as $$
declare
	done bigint;
begin
	update outbox x set done_at = now(), lease_until = null, failed_with = null
	where x.id = any (ids) and x.done_at is null and x.lease_until = lease;
	get diagnostics done = row_count;
	if done <> cardinality(ids) then
		raise exception 'Another worker has leased these rows' using errcode = 'SB409';
	end if;
end $$;
grant execute on function outbox_done(bigint[], timestamptz) to sebez_jobs;
