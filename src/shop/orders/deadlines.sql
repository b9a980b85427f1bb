-- What happens to sub-orders by itself.

-- sub_orders_due (most int, only uuid?): many writes -> (id uuid, state text)
-- Never waits: what somebody moves at this moment has its turn later.
select s.id, s.state from sub_order s
where s.deadline_at <= now() [only: and s.id = :only]
and not exists (select from deadline_failure f where f.vendor_id = s.vendor_id and f.sub_order_id = s.id
                and f.retry_at > now())
order by s.deadline_at
limit :most
for update of s skip locked;

-- deadline_met (ids uuid[]): none
delete from deadline_failure f where f.sub_order_id = any (:ids);

-- deadline_failed (id uuid, why text): none
-- It comes again after a while that doubles each time, up to an hour.
insert into deadline_failure as f (vendor_id, sub_order_id, retry_at, failed_with)
select s.vendor_id, s.id, now() + interval '1 second', :why from sub_order s where s.id = :id
on conflict (vendor_id, sub_order_id) do update
set attempts = f.attempts + 1, failed_with = excluded.failed_with,
    retry_at = now() + least(interval '1 hour', interval '1 second' * power(2, least(f.attempts, 12)));
