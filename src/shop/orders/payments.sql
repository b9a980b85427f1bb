-- Received payments and refunds, as recorded by admins. Each must be followed by payments_settle, which updates
-- the payment.

-- payment_receive (order uuid, amount bigint, reference text?): none
-- Each share receives its due amount; the excess goes to cancelled amounts, one share after the other.
with noted as (
	update payment p set received_by = current_account(), reference = :reference where p.order_id = :order
	returning p.id
)
update payment_share h set state = 'received', received_at = now(), received_amount = n.due + n.extra
from (
	select x.vendor_id, x.sub_order_id, x.due,
	       least(x.amount - x.due, greatest(0, :amount - sum(x.due) over payment
	             - coalesce(sum(x.amount - x.due) over earlier, 0)))::bigint as extra
	from payment_share x
	where x.payment_id = (select id from noted)
	window payment as (partition by x.payment_id),
	       earlier as (partition by x.payment_id order by x.sub_order_id
	                   rows between unbounded preceding and 1 preceding)
) n
where h.vendor_id = n.vendor_id and h.sub_order_id = n.sub_order_id
and (h.state <> 'cancelled' or n.extra > 0);

-- payment_refund (order uuid, reference text?): none
-- Refunds all that is due. Notes events for the customer and for each vendor with a refunded share.
with noted as (
	update payment p
	set refunded_at = now(), refunded_by = current_account(), refund_reference = :reference
	where p.order_id = :order
	returning p.id, p.order_id, p.account_id, p.currency
), returned as (
	update payment_share h set refunded_amount = x.received_amount - x.due
	from noted n join payment_share x on x.payment_id = n.id and x.state = 'refund_due'
	where h.vendor_id = x.vendor_id and h.sub_order_id = x.sub_order_id
	returning n.order_id, n.account_id, n.currency, x.vendor_id, x.sub_order_id,
	          x.received_amount - x.due - x.refunded_amount as amount
)
select feed_note(event_payment_refunded(r.account_id, order_id => r.order_id,
	amount => shape_money(amount => sum(r.amount)::bigint, currency => r.currency)))
from returned r group by r.order_id, r.account_id, r.currency
union all
select feed_note(event_payment_refunded(r.vendor_id, order_id => r.order_id,
	sub_order_id => r.sub_order_id, amount => shape_money(amount => r.amount, currency => r.currency)))
from returned r;
