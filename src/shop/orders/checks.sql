-- Invariants. Each check selects the rows that violate it, by a readable name; `sebez check --data` runs them.

-- check: orders add up to their sub-orders
select o.number as who from shop_order o
left join lateral (select count(*) n, sum(s.total) total, sum(s.subtotal) subtotal,
	sum(s.shipping) shipping, sum(s.discount) discount, sum(s.tax) tax, sum(s.fee) fee
	from sub_order s where s.order_id = o.id) s on true
where s.n = 0 or (s.total, s.subtotal, s.shipping, s.discount, s.tax, s.fee)
	is distinct from (o.total, o.subtotal, o.shipping, o.discount, o.tax, o.fee);

-- check: sub-orders add up to their lines
select s.number from sub_order s
left join lateral (select sum(l.total) total from order_line l
	where l.vendor_id = s.vendor_id and l.sub_order_id = s.id) l on true
where l.total is distinct from s.subtotal;

-- check: the amount of a payment is the total of its order
select o.number from shop_order o left join payment p on p.order_id = o.id
where p.amount is distinct from o.total;

-- check: cancelled units were released to the stock
select l.id::text from order_line l where l.released_quantity <> l.cancelled_quantity;

-- check: the history of a sub-order has no gap and ends in its state
select s.number from sub_order s
left join lateral (select max(h.number) last, count(*) n,
	(array_agg(h.from_state order by h.number))[1] first, (array_agg(h.to_state order by h.number desc))[1] state,
	coalesce(bool_and(h.from_state = coalesce(h.before, h.from_state)), true) chained
	from (select h.*, lag(h.to_state) over (order by h.number) before
		from sub_order_history h where h.vendor_id = s.vendor_id and h.sub_order_id = s.id) h) h on true
where (coalesce(h.state, s.state), coalesce(h.last, 1), h.chained) is distinct from (s.state, h.n::int + 1, true)
or coalesce(h.first, s.state) not in ('awaiting_payment', 'placed');

-- check: the cancelled total of a sub-order follows from its lines
select s.number from sub_order s where s.cancelled_total <> case s.state when 'cancelled' then s.total
	else (select least(s.total, s.goodwill + s.platform_goodwill + sub_order_gone(
			sum(l.price * (l.cancelled_quantity + l.refunded_quantity)), s.subtotal, s.percent_fee, s.discount,
			s.tax, s.refunded_shipping))
		from order_line l where l.vendor_id = s.vendor_id and l.sub_order_id = s.id) end;

-- check: what was refunded of sub-orders and lines is the sum of their refunds
-- What a chargeback took before something was cancelled gives way to that, as far as nothing is left.
select s.number from sub_order s
cross join lateral (select coalesce(sum(r.amount), 0) as amount, coalesce(sum(r.shipping), 0) as shipping,
	coalesce(sum(r.shipping) filter (where not r.commission_kept), 0) as uncommissioned,
	coalesce(sum(r.goodwill) filter (where r.goodwill_by = 'vendor'), 0) as goodwill,
	coalesce(sum(r.goodwill) filter (where r.goodwill_by = 'marketplace'), 0) as platform_goodwill
	from sub_order_refund r where r.vendor_id = s.vendor_id and r.sub_order_id = s.id) r
where (s.refunded_shipping, s.uncommissioned_shipping, s.goodwill, s.platform_goodwill)
	<> (r.shipping, r.uncommissioned, r.goodwill, r.platform_goodwill)
or r.amount - case s.state when 'cancelled' then 0 else s.cancelled_total
	- (select sub_order_gone(sum(l.price * l.cancelled_quantity), s.subtotal, s.percent_fee, s.discount, s.tax, 0)
	   from order_line l where l.vendor_id = s.vendor_id and l.sub_order_id = s.id) end
	not between 0 and case when exists (select from chargeback_part p where p.vendor_id = s.vendor_id
		and p.sub_order_id = s.id) then s.goodwill + s.platform_goodwill else 0 end
union all
select l.id::text from order_line l
cross join lateral (select coalesce(sum(x.quantity), 0) as quantity,
	coalesce(sum(x.quantity) filter (where r.commission_kept), 0) as commissioned
	from sub_order_refund_line x join sub_order_refund r on r.vendor_id = x.vendor_id and r.id = x.refund_id
	where x.vendor_id = l.vendor_id and x.order_line_id = l.id and r.sub_order_id = l.sub_order_id) x
where (l.refunded_quantity, l.commissioned_quantity) <> (x.quantity, x.commissioned);

-- check: payment states of sub-orders follow from amounts received, refunded and cancelled
select s.number from sub_order s join payment p on p.order_id = s.order_id
where (p.method = 'cash_on_delivery'
		and (s.received_at is not null) <> (s.state in ('delivered', 'completed')))
or s.payment_state <> payment_share_state(s.state = 'cancelled', s.received_amount, s.refunded_amount,
	s.total - s.cancelled_total);

-- check: state and amounts of a payment follow from its shares
select o.number from shop_order o join payment p on p.order_id = o.id
join (select s.order_id, payment_state(array_agg(s.payment_state)) state, sum(s.received_amount) received,
	sum(s.refunded_amount) refunded from sub_order s group by 1) s on s.order_id = o.id
where (p.state, p.received_amount, p.refunded_amount) is distinct from (s.state,
	case when s.state in ('received', 'refund_due', 'refunded') then s.received end,
	case when s.state in ('received', 'refund_due', 'refunded') then s.refunded else 0 end);

-- check: shipped quantities of lines equal the sums over their shipments
select l.id::text from order_line l where l.shipped_quantity <> coalesce((select sum(x.quantity)
	from shipment_line x join shipment h on h.vendor_id = x.vendor_id and h.id = x.shipment_id
	where x.vendor_id = l.vendor_id and x.order_line_id = l.id
	and h.sub_order_id = l.sub_order_id), 0);

-- check: states of sub-orders agree with shipped and cancelled quantities
select s.number from sub_order s join lateral (
	select sum(l.shipped_quantity) shipped, sum(l.quantity - l.cancelled_quantity) kept,
		sum(l.quantity - l.cancelled_quantity - l.shipped_quantity) remaining
	from order_line l where l.vendor_id = s.vendor_id and l.sub_order_id = s.id) l on true
where case when s.state in ('awaiting_payment', 'placed') then l.shipped > 0 or l.kept = 0
	when s.state in ('accepted', 'packed') then l.shipped > 0 or l.remaining = 0
	when s.state = 'partially_shipped' then l.shipped = 0 or l.remaining = 0
	when s.state in ('shipped', 'delivered', 'completed') then l.remaining > 0 or l.shipped = 0
	else l.kept > 0 end;

-- check: all shipments of a delivered sub-order have arrived
select s.number from sub_order s where s.state in ('delivered', 'completed')
	and exists (select from shipment h where h.vendor_id = s.vendor_id and h.sub_order_id = s.id
		and h.delivered_at is null);

-- check: exactly the states that have a deadline have one
select s.number from sub_order s where (s.deadline_at is not null)
	<> (s.state in ('awaiting_payment', 'placed', 'accepted', 'packed', 'partially_shipped', 'delivered'));

-- check: a cancelled sub-order is cancelled in full
select s.number from sub_order s where s.state = 'cancelled' and (s.cancelled_total <> s.total
	or exists (select from order_line l where l.vendor_id = s.vendor_id and l.sub_order_id = s.id
		and l.cancelled_quantity <> l.quantity));

-- check: sold units equal the units ordered and not cancelled
select coalesce(c.product_id, o.product_id)::text from (
	select x.product_id, x.day, sum(x.units) units from (
		select w.product_id, w.day, w.units from product_sale w
		union all
		select v.product_id, p.day, u.units from sale_pending p
		cross join unnest(p.variant_ids, p.units) u (variant_id, units)
		join variant v on v.id = u.variant_id) x
	where x.day >= first_sale_day() group by 1, 2) c
full join (select l.product_id, sale_day(s.created_at) as day, sum(l.quantity - l.cancelled_quantity) units
	from sub_order s join order_line l on l.vendor_id = s.vendor_id and l.sub_order_id = s.id
	where s.created_at >= first_sale_day()::timestamp at time zone 'UTC' group by 1, 2) o
	on o.product_id = c.product_id and o.day = c.day
where coalesce(c.units, 0) <> coalesce(o.units, 0);

-- check: commission is what the line's rule takes of its total
select l.id::text from order_line l
join sub_order s on s.vendor_id = l.vendor_id and s.id = l.sub_order_id
left join commission_rule r on r.id = l.commission_rule_id
cross join lateral (select round(l.total::numeric * l.commission_basis_points / 10000)
	+ coalesce(r.per_unit, 0) * l.quantity as taken) t
where s.discount = 0 and l.commission <> least(l.total,
		greatest(t.taken, coalesce(r.minimum, 0) * l.quantity), r.maximum * l.quantity)
	or l.commission_rule_id is not null and r.basis_points is distinct from l.commission_basis_points
	or l.shipping_commission > 0 and r.on_shipping is distinct from true;

-- check: orders are of an account, with a payment
select o.number from shop_order o where not exists (select from account a where a.id = o.account_id)
	or not exists (select from payment p where p.order_id = o.id and p.account_id = o.account_id);

-- check: sub-orders are of an order and a vendor, lines of a sub-order
select s.number from sub_order s where not exists (select from vendor v where v.id = s.vendor_id)
	or not exists (select from shop_order o where o.id = s.order_id and o.account_id = s.account_id)
union all
select l.id::text from order_line l where not exists (select from sub_order s where s.vendor_id = l.vendor_id
	and s.id = l.sub_order_id and s.account_id = l.account_id);

-- check: payments are of an order
select p.id::text from payment p where not exists (select from shop_order o where o.id = p.order_id);

-- check: lines are of goods of their vendor
select l.id::text from order_line l
where not exists (select from variant v where v.vendor_id = l.vendor_id and v.id = l.variant_id)
	or not exists (select from product p where p.vendor_id = l.vendor_id and p.id = l.product_id);
