-- The clock goes on past what it cannot move; sold units are counted down again by cancelling.
set local role sebez_owner;

-- Sub-orders whose deadline came and whose move failed: when it is tried again. Of that deadline only, so
-- gone when somebody has moved it.
create table deadline_failure (
	vendor_id    uuid not null,
	sub_order_id uuid not null,
	deadline_at  timestamptz not null,
	attempts     int not null default 1,
	retry_at     timestamptz not null,
	failed_with  text not null,
	primary key (vendor_id, sub_order_id),
	foreign key (vendor_id, sub_order_id) references sub_order (vendor_id, id)
);
alter table deadline_failure enable row level security, force row level security;
create policy everything on deadline_failure to sebez_jobs, sebez_owner using (true) with check (true);
grant select, insert, update, delete on deadline_failure to sebez_jobs;

-- What was cancelled before there was a notice of it. Orders that are still to be counted will be
-- counted whole, so theirs is left as such a notice.
with open as (
	select x.subject_id as order_id from outbox x where x.topic = 'order_placed' and x.done_at is null
), cancelled as (
	select s.order_id, l.vendor_id, l.product_id, sum(l.cancelled_quantity) as quantity
	from order_line l join sub_order s on s.vendor_id = l.vendor_id and s.id = l.sub_order_id
	where l.cancelled_quantity > 0
	group by s.order_id, l.vendor_id, l.product_id
), counted as (
	update product p set sold = p.sold - c.quantity
	from (select c.vendor_id, c.product_id, sum(c.quantity) as quantity from cancelled c
	      where c.order_id not in (select order_id from open)
	      group by c.vendor_id, c.product_id) c
	where p.vendor_id = c.vendor_id and p.id = c.product_id
)
insert into outbox (topic, subject_id, payload)
select 'units_cancelled', c.order_id, json_object_agg(c.product_id, c.quantity) from cancelled c
where c.order_id in (select order_id from open)
group by c.order_id;
update listing i set sold = p.sold from product p where p.id = i.product_id and i.sold <> p.sold;
