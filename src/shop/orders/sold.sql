-- Counting sold units. The caller has leased the outbox rows, so each order is counted once.

-- sold_lock (orders uuid[]): none writes
-- Locks the products by id, as all transactions do.
select p.id from product p
where p.id in (select l.product_id from sub_order s
               join order_line l on l.vendor_id = s.vendor_id and l.sub_order_id = s.id
               where s.order_id = any (:orders))
order by p.id for no key update;

-- sold_count (orders uuid[]): none
update product p set sold = p.sold + c.quantity
from (select l.vendor_id, l.product_id, sum(l.quantity) as quantity from sub_order s
      join order_line l on l.vendor_id = s.vendor_id and l.sub_order_id = s.id
      where s.order_id = any (:orders)
      group by l.vendor_id, l.product_id) c
where p.vendor_id = c.vendor_id and p.id = c.product_id;

-- sold_uncount (notices bigint[]): none
update product p set sold = p.sold - c.quantity
from (select u.key::uuid as product_id, sum(u.value::bigint) as quantity
      from outbox x cross join lateral json_each_text(x.payload) u
      where x.id = any (:notices)
      group by u.key) c
where p.id = c.product_id;

-- sold_list (orders uuid[]): none
update listing i set sold = p.sold
from product p
where p.id in (select l.product_id from sub_order s
               join order_line l on l.vendor_id = s.vendor_id and l.sub_order_id = s.id
               where s.order_id = any (:orders))
and i.product_id = p.id and i.sold <> p.sold;
