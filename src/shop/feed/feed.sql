-- The feed. docs/REALTIME.md.

-- feed_flush (lines text): many writes -> (epoch bigint, owner_id uuid, number bigint, kind text, payload json,
--     at time)
-- Must run last in its transaction. lines as made by the SQL functions event_…(). In order of the numbers of
-- each owner.
select f.epoch, f.owner_id, f.number, f.kind, f.payload, f.at from feed_flush(:lines) f;

-- feed_position (owner uuid): one -> (epoch bigint, last_number bigint, role_bit int)
select e.epoch, coalesce((select f.last_number from feed f where f.owner_id = :owner), 0) as last_number,
       current_role_bit() as role_bit
from feed_epoch e;

-- feed_events (owner uuid, after bigint, most int): many -> (number bigint, kind text, payload json, at time)
select e.number, e.kind, e.payload, e.at from event e
where e.owner_id = :owner and e.number > :after
order by e.number limit :most;

-- feed_horizon (): one -> (epoch bigint, horizon bigint)
-- Every transaction that this snapshot cannot see has this id or a higher one.
select e.epoch, pg_snapshot_xmin(pg_current_snapshot())::text::bigint as horizon from feed_epoch e;

-- feed_sweep (horizon bigint, beyond uuid, most int): many -> (owner_id uuid, number bigint, tx bigint)
-- Filters by transaction first, as few match: offset prevents a scan of all owners beyond the given one.
select e.owner_id, max(e.number) as number, max(e.tx) as tx
from (select x.owner_id, x.number, x.tx from event x where x.tx >= :horizon offset 0) e
where e.owner_id > :beyond
group by e.owner_id order by e.owner_id limit :most;

-- feed_revocations (horizon bigint): many -> (id bigint, account_id uuid?, session_id uuid?, vendor_id uuid?,
--     tx bigint)
select r.id, r.account_id, r.session_id, r.vendor_id, r.tx from revocation r where r.tx >= :horizon
order by r.id limit 10000;

-- followers_behind (names text[]): many -> (name text, oldest_s bigint)
-- The age of the oldest event that each follower has not read; 0: none. Events of a restored backup may have higher
-- numbers than any transaction here: those are not waited for.
select f.name, coalesce(extract(epoch from now() - (
	select e.at from event e
	where e.tx > f.tx and e.tx < pg_snapshot_xmax(pg_current_snapshot())::text::bigint
	order by e.tx limit 1))::bigint, 0) as oldest_s
from event_follower f where f.name = any (:names);

-- partitions_make (): one writes -> (missing int)
select partitions_make() as missing;

-- partitions_drop (): one writes -> (kept int)
select partitions_drop() as kept;

-- revocations_forget (days int, most int): one -> (count int)
-- Ids grow with time, so only the oldest rows are read.
with gone as (
	delete from revocation where ctid = any (array(
		select r.ctid from (select x.ctid, x.at from revocation x order by x.id limit :most) r
		where r.at < now() - make_interval(days => :days)))
	returning 1
)
select count(*)::int as count from gone;
