-- Received payments and refunds, as recorded by admins. Each must be followed by payments_settle, which updates
-- the payment.

-- payment_receive (order uuid, amount bigint, reference text?): none
-- Each share receives its due amount; the excess goes to cancelled amounts, one share after the other.
with noted as (
	update payment p set received_by = current_account(), reference = :reference where p.order_id = :order
	returning p.order_id
)
update sub_order s set payment_state = 'received', received_at = now(), received_amount = n.due + n.extra
from (
	select x.vendor_id, x.id, x.due,
	       least(x.cancelled_total, greatest(0, :amount - sum(x.due) over payment
	             - coalesce(sum(x.cancelled_total) over earlier, 0)))::bigint as extra
	from (select y.*, y.total - y.cancelled_total as due from sub_order y
	      where y.order_id = (select order_id from noted)) x
	window payment as (),
	       earlier as (order by x.id rows between unbounded preceding and 1 preceding)
) n
where s.vendor_id = n.vendor_id and s.id = n.id
and (s.payment_state <> 'cancelled' or n.extra > 0);

-- refund_due (order uuid): one -> (amount bigint)
select coalesce(sum(s.received_amount - (s.total - s.cancelled_total) - s.refunded_amount), 0)::bigint as amount
from sub_order s where s.order_id = :order and s.payment_state = 'refund_due';

-- payment_refund (order uuid, reference text?): none
-- Refunds all that is due. Notes events for the customer and for each vendor with a refunded share.
with noted as (
	update payment p
	set refunded_at = now(), refunded_by = current_account(), refund_reference = :reference
	where p.order_id = :order
	returning p.order_id, p.account_id, p.currency
), returned as (
	update sub_order s set refunded_amount = x.received_amount - x.due
	from noted n
	join (select y.*, y.total - y.cancelled_total as due from sub_order y) x
		on x.order_id = n.order_id and x.payment_state = 'refund_due'
	where s.vendor_id = x.vendor_id and s.id = x.id
	returning n.order_id, n.account_id, n.currency, x.vendor_id, x.id as sub_order_id,
	          x.received_amount - x.due - x.refunded_amount as amount
)
select feed_add_events(event_payment_refunded(r.account_id, order_id => r.order_id,
	amount => shape_money(amount => sum(r.amount)::bigint, currency => r.currency)))
from returned r group by r.order_id, r.account_id, r.currency
union all
select feed_add_events(event_payment_refunded(r.vendor_id, order_id => r.order_id,
	sub_order_id => r.sub_order_id, amount => shape_money(amount => r.amount, currency => r.currency)))
from returned r;
