-- Following the events of all feeds. docs/NOTIFICATIONS.md, "From event to notice".
set local role sebez_owner;

-- The next transactions with events that this follower has not read, of about `most` events. The caller reads the
-- events with tx > after_tx and tx <= up_to_tx in the same transaction: so each is read once. more: there may be more
-- to read. No row: there is nothing to read, or another process is reading.
--
-- A transaction is read once it is sure that all with lower numbers have ended: so none is missed, however long one
-- takes. Like the feed's sweep this does not go beyond the newest transaction of which it has found an event,
-- because numbers that were rolled back before a crash come again.
create or replace function feed_follow(follower text, most int)
returns table (after_tx bigint, up_to_tx bigint, more boolean) language plpgsql as $$
declare
	f event_follower;
	present bigint;
	seen record;
	horizon bigint;
begin
	-- Without news nothing is locked, so that an idle server writes nothing.
	perform from event_follower x
	cross join feed_epoch e
	cross join (select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as number) h
	where x.name = follower and (x.epoch <> e.epoch or x.tx >= h.number
	      or (select v.tx from event v where v.tx > x.tx order by v.tx limit 1) < h.number);
	if not found then
		return;
	end if;
	select x.* into f from event_follower x where x.name = follower for update skip locked;
	if not found then
		return;
	end if;
	select e.epoch, pg_snapshot_xmin(pg_current_snapshot())::text::bigint into present, horizon from feed_epoch e;
	if f.epoch <> present or f.tx >= horizon then
		-- A backup was restored: its numbers of transactions are another server's, and what it contains was
		-- read.
		update event_follower x set epoch = present, tx = horizon - 1 where x.name = follower;
		return;
	end if;
	select max(x.tx) as tx, count(*) as count into seen from (
		select e.tx from event e where e.tx > f.tx and e.tx < horizon order by e.tx limit most) x;
	if seen.tx is null then
		return;
	end if;
	update event_follower x set tx = seen.tx where x.name = follower;
	return query select f.tx, seen.tx, seen.count = most;
end $$;
grant execute on function feed_follow(text, int) to sebez_jobs;

-- A time for ids that ascend in the order of writing (notice_id()): later than all that this clock gave. Others who
-- ask wait until the transaction ends, so it is asked as late as possible.
create or replace function clock_ms(clock text) returns bigint language sql as $$
	update id_clock x set ms = greatest(x.ms + 1, (extract(epoch from clock_timestamp()) * 1000)::bigint)
	where x.name = clock
	returning x.ms
$$;
grant execute on function clock_ms(text) to sebez_jobs;
