-- What happens to sub-orders by itself.

-- sub_orders_due (most int): many writes -> (id uuid, state text)
-- Never waits: what somebody moves at this moment has its turn later.
select s.id, s.state from sub_order s
where s.deadline_at <= now()
order by s.deadline_at
limit :most
for update skip locked;
