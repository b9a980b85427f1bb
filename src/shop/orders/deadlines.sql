-- Automatic transitions of sub-orders at their deadlines.

-- sub_orders_due (most int, only uuid?): many writes -> (id uuid, state text)
-- Never waits: sub-orders locked by another transaction are skipped until a later run, and those that may be paid
-- already for a day at most.
select s.id, s.state from sub_order s
where s.deadline_at <= now() [only: and s.id = :only]
and not (s.state = 'awaiting_payment' and exists (
	select from payment_attempt a where a.order_id = s.order_id and a.state in ('created', 'authorised', 'unknown')
	and a.created_at > now() - interval '1 day'))
and not exists (select from deadline_failure f where f.vendor_id = s.vendor_id and f.sub_order_id = s.id
                and f.deadline_at = s.deadline_at and f.retry_at > now())
order by s.deadline_at
limit :most
for update of s skip locked;

-- sub_orders_sent (ids uuid[]): many -> (id uuid, arrived bool)
-- The sub-orders with shipments, and whether all their shipments have arrived.
select h.sub_order_id as id, bool_and(h.delivered_at is not null) as arrived from shipment h
where h.sub_order_id = any (:ids)
group by h.sub_order_id;

-- deadline_failures_forget (): none
-- Deletes failures of deadlines that no longer apply.
delete from deadline_failure f using sub_order s
where s.vendor_id = f.vendor_id and s.id = f.sub_order_id and s.deadline_at is distinct from f.deadline_at;

-- deadline_failed (id uuid, why text): none
-- Retried with exponential backoff: the delay doubles each time, up to one hour.
insert into deadline_failure as f (vendor_id, sub_order_id, deadline_at, retry_at, failed_with)
select s.vendor_id, s.id, s.deadline_at, now() + interval '1 second', :why from sub_order s
where s.id = :id and s.deadline_at is not null
on conflict (vendor_id, sub_order_id) do update
set attempts = f.attempts + 1, deadline_at = excluded.deadline_at, failed_with = excluded.failed_with,
    retry_at = now() + least(interval '1 hour', interval '1 second' * power(2, least(f.attempts, 12)));
