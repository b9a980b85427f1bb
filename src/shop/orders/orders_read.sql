-- Reading orders. The same statements serve customers, staff, admins and jobs: row level security limits the
-- rows.

-- order_read (id uuid): one -> (id uuid, number text, status text, currency text, subtotal bigint, shipping bigint,
--     discount bigint, tax bigint, fee bigint, total bigint, shipping_address text, note text?, created_at time,
--     payment_method text, payment_state text, received_at time?, received_amount bigint?, refunded_amount bigint,
--     refund_due bigint)
select o.id, o.number,
       order_status((select array_agg(s.state) from sub_order s where s.order_id = o.id)) as status,
       o.currency, o.subtotal, o.shipping, o.discount, o.tax, o.fee, o.total,
       o.shipping_address::text, o.note, o.created_at, p.method as payment_method,
       p.state as payment_state, p.received_at, p.received_amount, p.refunded_amount, (
	select coalesce(sum(s.received_amount - s.refunded_amount - (s.total - s.cancelled_total)), 0)::bigint
	from sub_order s where s.order_id = o.id and s.payment_state = 'refund_due') as refund_due
from shop_order o
join payment p on p.order_id = o.id
where o.id = :id;

-- sub_orders_read (order uuid?, id uuid?): many -> (id uuid, vendor_id uuid, order_id uuid, vendor_name text,
--     vendor_slug text, number text, state text, currency text, subtotal bigint, shipping bigint, discount bigint,
--     tax bigint, fee bigint, total bigint, cancelled_total bigint, shipping_method_id uuid?,
--     shipping_method_name text, handling_days int, customer_name text, shipping_address text, note text?,
--     deadline_at time?, ship_by time?, cancel_reason text?, created_at time, updated_at time, version int,
--     confirmed bool, shipments text)
select s.id, s.vendor_id, s.order_id, v.name as vendor_name, v.slug as vendor_slug, s.number, s.state,
       s.currency, s.subtotal, s.shipping, s.discount, s.tax, s.fee, s.total, s.cancelled_total,
       s.shipping_method_id, s.shipping_method_name, s.handling_days, s.customer_name,
       s.shipping_address::text, s.note, s.deadline_at, s.ship_by, s.cancel_reason, s.created_at,
       s.updated_at, s.version,
       case when s.state in ('delivered', 'completed') then coalesce((
		select h.actor = 'customer' from sub_order_history h
		where h.vendor_id = s.vendor_id and h.sub_order_id = s.id order by h.number desc limit 1), false)
		else false end as confirmed,
       coalesce((
		select json_agg(json_build_object(
			'id', h.id, 'carrier', h.carrier, 'tracking_number', h.tracking_number,
			'tracking_url', h.tracking_url,
			'lines', (select json_agg(json_build_object('line_id', x.order_line_id, 'quantity', x.quantity)
			                          order by x.order_line_id)
			          from shipment_line x where x.vendor_id = h.vendor_id and x.shipment_id = h.id),
			'shipped_at', json_time(h.shipped_at), 'delivered_at', json_time(h.delivered_at))
			order by h.shipped_at, h.id)
		from shipment h where h.vendor_id = s.vendor_id and h.sub_order_id = s.id), '[]')::text as shipments
from sub_order s
join vendor v on v.id = s.vendor_id
where true
[order: and s.order_id = :order]
[id: and s.id = :id]
order by s.id;

-- order_lines_read (order uuid?, sub_order uuid?): many -> (sub_order_id uuid, id uuid, product_id uuid,
--     variant_id uuid, title text, variant_title text, sku text?, image text?, quantity int,
--     cancelled_quantity int, shipped_quantity int, refunded_quantity int, price bigint, total bigint)
select l.sub_order_id, l.id, l.product_id, l.variant_id, l.title, l.variant_title, l.sku, l.image,
       l.quantity, l.cancelled_quantity, l.shipped_quantity, l.refunded_quantity, l.price, l.total
from sub_order s
join order_line l on l.vendor_id = s.vendor_id and l.sub_order_id = s.id
where true
[order: and s.order_id = :order]
[sub_order: and s.id = :sub_order]
order by s.id, l.position;

-- sub_order_money (id uuid): maybe -> (payment_method text, payment_state text, amount bigint, due bigint,
--     received_at time?, received_amount bigint?, refunded_amount bigint, refund_due bigint, commission bigint,
--     commission_tax bigint, staff_role int?)
-- The payment share of the sub-order, as vendors see it, the commission that is kept, and the role's bit of the calling
-- staff.
select p.method as payment_method, s.payment_state, s.total as amount, s.total - s.cancelled_total as due,
       s.received_at, s.received_amount, s.refunded_amount, case when s.payment_state = 'refund_due'
	then s.received_amount - s.refunded_amount - (s.total - s.cancelled_total) else 0 end as refund_due,
       k.commission, k.commission_tax,
       (select staff_role_bit(x.role) from staff x where x.vendor_id = current_vendor()
        and x.account_id = current_account()) as staff_role
from sub_order s
join payment p on p.order_id = s.order_id
cross join lateral (
	select sum(c.amount)::bigint as commission,
	       sum(commission_tax(c.amount, l.commission_tax_basis_points))::bigint as commission_tax
	from order_line l
	cross join lateral (select kept_commission(l.commission, l.quantity, l.quantity - l.cancelled_quantity
			- l.refunded_quantity + l.commissioned_quantity)
		+ case when s.state = 'cancelled' then 0 else kept_shipping_commission(l.shipping_commission,
			s.shipping, s.uncommissioned_shipping) end as amount) c
	where l.vendor_id = s.vendor_id and l.sub_order_id = s.id) k
where s.id = :id;

-- order_customer (order uuid?, sub_order uuid?): one -> (id uuid, name text, email text?)
-- The customer who placed the order, for admins.
select a.id, a.name, a.email from account a
where true
[order: and a.id = (select o.account_id from shop_order o where o.id = :order)]
[sub_order: and a.id = (select s.account_id from sub_order s where s.id = :sub_order)];

-- sub_order_history_json (id uuid): one -> (items text)
-- The history of the sub-order, oldest first.
-- It begins with the order of the customer, in the state that the first move left.
with sub as (select s.* from sub_order s where s.id = :id),
moves as (select h.* from sub s join sub_order_history h on h.vendor_id = s.vendor_id and h.sub_order_id = s.id),
items as (
	select 1 as number, s.created_at as at, null as from_state, 'customer' as actor, null as reason,
	       coalesce((select m.from_state from moves m where m.number = 2), s.state) as to_state
	from sub s
	union all
	select m.number, m.at, m.from_state, m.actor, m.reason, m.to_state from moves m
)
select json_agg(json_build_object('at', json_time(i.at), 'from', i.from_state, 'to', i.to_state,
	'by', i.actor, 'reason', i.reason) order by i.number)::text as items
from items i having count(*) > 0;

-- order_of_last_cart (): maybe -> (id uuid, number text, cart_id uuid)
-- The customer's latest order, and the cart it was placed from.
select o.id, o.number, o.cart_id from shop_order o where o.account_id = current_account()
order by o.id desc limit 1;
