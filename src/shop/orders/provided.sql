-- Payments that providers took, and refunds that they made.

-- order_parts (order uuid): many -> (id uuid, awaits bool)
select s.id, s.state = 'awaiting_payment' as awaits from sub_order s where s.order_id = :order order by s.id;

-- payment_refund_parts (order uuid, refund uuid): none
-- A provider has paid back what the refund says of each sub-order. Notes events for the customer and for the vendors.
with noted as (
	update payment p set refunded_at = now(), refund_reference = r.reference
	from payment_refund r
	where p.order_id = :order and r.id = :refund and r.order_id = p.order_id
	returning p.order_id, p.account_id, p.currency, r.sub_orders, r.amounts
), returned as (
	update sub_order s set refunded_amount = s.refunded_amount + x.amount
	from noted n cross join lateral unnest(n.sub_orders, n.amounts) x (id, amount)
	where s.id = x.id and s.order_id = n.order_id
	returning n.order_id, n.account_id, n.currency, s.vendor_id, s.id as sub_order_id, x.amount
)
select feed_add_events(event_payment_refunded(r.account_id, order_id => r.order_id,
	amount => shape_money(amount => sum(r.amount)::bigint, currency => r.currency)))
from returned r group by r.order_id, r.account_id, r.currency
union all
select feed_add_events(event_payment_refunded(r.vendor_id, order_id => r.order_id,
	sub_order_id => r.sub_order_id, amount => shape_money(amount => r.amount, currency => r.currency)))
from returned r;

-- payment_refund_settle (refund uuid): none
select settle_payments(r.sub_orders) from payment_refund r where r.id = :refund;

-- refunds_under_way (order uuid): one -> (any bool)
select exists (select from payment_refund r where r.order_id = :order and r.state = 'pending') as any;

-- refunds_by_hand (order uuid): none
-- Those that the provider refused are paid back in another way.
update payment_refund r set state = 'by_hand', updated_at = now()
where r.order_id = :order and r.state = 'failed' and r.sub_orders <> '{}';
