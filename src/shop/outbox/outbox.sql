-- Delivering rows --------------------------------------------------------------------------------

-- outbox_queues (topics text[], skipped rows(topic text, destination text), rows_max int): many -> (topic text,
--     destination text)
-- The queues of these topics with due rows, except those in skipped; the queue with the longest due row first.
-- Skips from queue to queue in the index, so that the cost of a queue does not depend on its length.
with recursive queue (topic, destination) as (
	(select x.topic, x.destination from outbox x
	 order by x.topic, x.destination limit 1)
	union all
	select n.topic, n.destination
	from queue q cross join lateral (
		select x.topic, x.destination from outbox x
		where (x.topic, x.destination) > (q.topic, q.destination)
		order by x.topic, x.destination limit 1) n
)
select q.topic, q.destination
from queue q cross join lateral (
	select x.due_at from outbox x
	where x.topic = q.topic and x.destination = q.destination and x.due_at <= now()
	order by x.due_at limit 1) due
where q.topic = any (:topics)
and not exists (select from :skipped as s where s.topic = q.topic and s.destination = q.destination)
order by due.due_at
limit :rows_max;

-- outbox_lease_queue (topic text, destination text, rows_max int, lease_ms bigint): many -> (id bigint, delivery uuid,
--     subject_id uuid, payload json, age_ms bigint, attempt int, failed_with text?, lease time)
-- Leases due rows of a queue that are not locked by another worker. A row whose last attempt did not finish may
-- have crashed the process: it is leased alone, once it is the longest due row.
with due as (
	select x.id, x.due_at, x.attempts > 0 and x.failed_with is null as is_suspect from outbox x
	where x.topic = :topic and x.destination = :destination and x.due_at <= now()
	order by x.due_at
	limit :rows_max
	for update skip locked
), first as (
	select d.id, d.is_suspect from due d order by d.due_at, d.id limit 1
), leased as (
	update outbox x
	set due_at = now() + :lease_ms * interval '1 millisecond', attempts = x.attempts + 1
	from due d, first f
	where x.id = d.id and case when f.is_suspect then d.id = f.id else not d.is_suspect end
	returning x.*
)
select x.id, delivery_id(x.created_at, x.id) as delivery, x.subject_id, x.payload,
       (extract(epoch from now() - x.created_at) * 1000)::bigint as age_ms, x.attempts as attempt,
       x.failed_with, x.due_at as lease
from leased x
order by x.id;

-- outbox_postpone (topic text, destination text, rows_max int): one -> (count int)
-- Postpones due rows to twice their age: checked rarely when old, soon when new.
with due as (
	select x.id from outbox x
	where x.topic = :topic and x.destination = :destination and x.due_at <= now()
	order by x.due_at
	limit :rows_max
	for update skip locked
), postponed as (
	update outbox x set due_at = now() + greatest(now() - x.created_at, interval '1 second')
	from due where x.id = due.id
	returning 1
)
select count(*)::int as count from postponed;

-- outbox_delivered (ids bigint[], lease time): one -> (count bigint)
-- Deletes delivered rows: deliverers that need a record keep it in their own tables.
with deleted as (
	delete from outbox x where x.id = any (:ids) and x.due_at = :lease
	returning 1
)
select count(*) as count from deleted;

-- outbox_put_back (returned rows(id bigint, delay_ms bigint, attempts int, why text?, destination text), lease time):
--     one -> (count bigint)
with back as (
	update outbox x
	set due_at = now() + r.delay_ms * interval '1 millisecond', attempts = r.attempts, failed_with = r.why,
	    destination = r.destination
	from :returned as r
	where x.id = r.id and x.due_at = :lease
	returning 1
)
select count(*) as count from back;

-- outbox_bury (dead rows(id bigint, why text), lease time): one -> (count bigint)
with deleted as (
	delete from outbox x using :dead as d
	where x.id = d.id and x.due_at = :lease
	returning x.id, x.topic, x.destination, x.subject_id, x.payload, x.created_at, x.attempts, d.why
), buried as (
	insert into dead_letter (id, row_id, topic, destination, subject_id, payload, created_at, attempts, why)
	select delivery_id(d.created_at, d.id), d.id, d.topic, d.destination, d.subject_id, d.payload,
	       d.created_at, d.attempts, d.why
	from deleted d
	returning 1
)
select count(*) as count from buried;

-- outbox_expire (topic text, age_s int, bury bool, rows_max int): one slow -> (count int)
with deleted as (
	delete from outbox where id in (
		select x.id from outbox x
		where x.topic = :topic and x.created_at < now() - make_interval(secs => :age_s)
		limit :rows_max
		for update skip locked)
	returning id, topic, destination, subject_id, payload, created_at, attempts, failed_with
), dead as (
	insert into dead_letter (id, row_id, topic, destination, subject_id, payload, created_at, attempts, why)
	select delivery_id(d.created_at, d.id), d.id, d.topic, d.destination, d.subject_id, d.payload,
	       d.created_at, d.attempts, coalesce('Expired. ' || d.failed_with, 'Expired.')
	from deleted d where :bury
)
select count(*)::int as count from deleted;

-- outbox_measured (topics text[], rows_max int): many slow -> (topic text, pending bigint, oldest_s bigint,
--     dead bigint)
-- Per topic; counts at most `rows_max` rows. A row that has not failed is as old as it is overdue: before, it waits on
-- purpose.
select t.topic, p.pending, coalesce(extract(epoch from now() - p.oldest)::bigint, 0) as oldest_s, d.dead
from unnest(:topics::text[]) t (topic) cross join lateral (
	select count(*) as pending,
	       min(case when r.failed_with is null then least(r.due_at, now()) else r.created_at end) as oldest
	from (select x.created_at, x.due_at, x.failed_with from outbox x where x.topic = t.topic limit :rows_max) r) p
cross join lateral (
	select count(*) as dead from (
		select from dead_letter l where l.topic = t.topic limit :rows_max) r) d;

-- Dead letters ------------------------------------------------------------------------------------

-- dead_letters (id uuid?, topic text?, after_key time, after_id uuid, page_size int): many
-- One dead letter, or a page of them, latest first.
select l.id, l.topic, nullif(l.destination, '') as destination, l.subject_id, l.payload, l.attempts,
       l.why as reason, l.created_at, l.dead_at, l.dead_at as "_key"
from dead_letter l
where true
[id: and l.id = :id]
[topic: and l.topic = :topic]
[!id: and (l.dead_at, l.id) < (:after_key, :after_id)
order by l.dead_at desc, l.id desc
limit :page_size];

-- dead_letter_replay (id uuid): one
-- Moves a dead letter back to the outbox under its old row id, with all attempts available again.
with deleted as (
	delete from dead_letter l where l.id = :id returning l.*
)
insert into outbox (id, topic, destination, subject_id, payload, created_at)
overriding system value
select d.row_id, d.topic, d.destination, d.subject_id, d.payload, d.created_at from deleted d;

-- dead_letters_replay (topic text, rows_max int): one -> (replayed bigint, more bool)
-- Oldest first.
with deleted as (
	delete from dead_letter where id in (
		select l.id from dead_letter l where l.topic = :topic
		order by l.dead_at, l.id limit :rows_max)
	returning *
), back as (
	insert into outbox (id, topic, destination, subject_id, payload, created_at)
	overriding system value
	select d.row_id, d.topic, d.destination, d.subject_id, d.payload, d.created_at from deleted d
	returning 1
)
select count(*) as replayed, count(*) = :rows_max as more from back;

-- dead_letter_drop (id uuid): one
delete from dead_letter where id = :id;

-- dead_letters_forget (rows_max int): one -> (count int)
with deleted as (
	delete from dead_letter where id in (
		select l.id from dead_letter l where l.dead_at < now() - interval '90 days' limit :rows_max)
	returning 1
)
select count(*)::int as count from deleted;

-- Upkeep ------------------------------------------------------------------------------------------

-- idempotency_forget (rows_max int): one -> (count int)
with deleted as (
	delete from idempotency_key where ctid = any (array(
		select k.ctid from idempotency_key k where k.created_at < now() - interval '24 hours'
		order by k.created_at limit :rows_max))
	returning 1
)
select count(*)::int as count from deleted;
