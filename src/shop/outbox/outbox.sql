-- outbox_take (topic text, most int, lease_s int): many -> (id bigint, subject_id uuid, lease_until time)
-- The oldest open rows of a topic that nobody else has.
with mine as (
	select x.id from outbox x
	where x.topic = :topic and x.done_at is null and (x.lease_until is null or x.lease_until < now())
	order by x.id
	limit :most
	for update skip locked
)
update outbox x
set lease_until = now() + make_interval(secs => :lease_s), attempts = x.attempts + 1
from mine where x.id = mine.id
returning x.id, x.subject_id, x.lease_until;

-- outbox_done (ids bigint[], lease time): none writes
-- Raises when the lease was lost.
select outbox_done(:ids, :lease);

-- outbox_failed (ids bigint[], lease time, why text): none
-- They come again after a while that doubles each time, up to an hour.
update outbox x
set failed_with = :why,
    lease_until = now() + least(interval '1 hour', interval '1 second' * power(2, least(x.attempts, 12)))
where x.id = any (:ids) and x.done_at is null and x.lease_until = :lease;

-- outbox_forget (most int): one -> (count int)
with gone as (
	delete from outbox where id in (
		select x.id from outbox x where x.done_at < now() - interval '30 days' limit :most)
	returning 1
)
select count(*)::int as count from gone;

-- idempotency_forget (most int): one -> (count int)
with gone as (
	delete from idempotency_key where ctid = any (array(
		select k.ctid from idempotency_key k where k.created_at < now() - interval '24 hours' limit :most))
	returning 1
)
select count(*)::int as count from gone;
