-- Orders: what was counted wrongly so far, and what is counted from now on.
set local role sebez_owner;

-- Orders at the same moment of several variants of one product left it in stock or out of it.
update product p set in_stock = not p.in_stock
where p.in_stock <> exists (select from variant x where x.vendor_id = p.vendor_id and x.product_id = p.id
	and x.deleted_at is null and (x.available > 0 or x.backorder));

-- Each share of a payment has a state of its own, and what of it is owed; the payment's are made of them.
-- What was given back is counted beside what was received.
alter table payment
	drop constraint payment_state_check,
	add constraint payment_state_check
		check (state in ('pending', 'received', 'refund_due', 'refunded', 'cancelled')),
	drop constraint payment_check1,
	add constraint payment_received_check check (
		(received_at is not null) = (state in ('received', 'refund_due', 'refunded'))
		and (received_at is null) = (received_amount is null)),
	add column refunded_amount bigint not null default 0,
	add column refunded_at timestamptz,
	add column refunded_by uuid,
	add column refund_reference text,
	add constraint payment_refunded_check check (refunded_amount between 0 and coalesce(received_amount, 0));

alter table payment_share
	add column state text not null default 'pending'
		check (state in ('pending', 'received', 'refund_due', 'refunded', 'cancelled')),
	add column due bigint, -- less what was cancelled
	add column received_at timestamptz,
	add column received_amount bigint check (received_amount between 0 and amount),
	add column refunded_amount bigint not null default 0,
	add check ((received_at is not null) = (state in ('received', 'refund_due', 'refunded'))
	           and (received_at is null) = (received_amount is null)),
	add check (refunded_amount between 0 and coalesce(received_amount, 0));

update payment_share h set due = h.amount - s.cancelled_total
from sub_order s where s.vendor_id = h.vendor_id and s.id = h.sub_order_id;

-- Of what was received and is not owed any more, it is not known which share it was for.
update payment_share h
set received_at = n.received_at, received_amount = n.due + n.extra,
    state = case when n.extra > 0 then 'refund_due' else 'received' end
from (
	select x.vendor_id, x.sub_order_id, x.due, p.received_at, x.state,
	       least(x.amount - x.due, greatest(0, p.received_amount - sum(x.due) over payment
	             - coalesce(sum(x.amount - x.due) over earlier, 0))) as extra
	from (select h.*, s.state as part from payment_share h
	      join sub_order s on s.vendor_id = h.vendor_id and s.id = h.sub_order_id) x
	join payment p on p.id = x.payment_id and p.received_at is not null
	window payment as (partition by x.payment_id),
	       earlier as (partition by x.payment_id order by x.sub_order_id
	                   rows between unbounded preceding and 1 preceding)
) n
where h.vendor_id = n.vendor_id and h.sub_order_id = n.sub_order_id
and (n.due > 0 or n.extra > 0 or not exists (select from sub_order s where s.vendor_id = h.vendor_id
	and s.id = h.sub_order_id and s.state = 'cancelled'));
update payment_share h set received_at = s.updated_at, received_amount = h.due, state = 'received'
from sub_order s, payment p
where s.vendor_id = h.vendor_id and s.id = h.sub_order_id and s.state in ('delivered', 'completed')
and p.id = h.payment_id and p.method = 'cash_on_delivery' and h.received_at is null;
update payment_share h set state = 'cancelled'
from sub_order s
where s.vendor_id = h.vendor_id and s.id = h.sub_order_id and s.state = 'cancelled' and h.received_at is null;

alter table payment_share alter column due set not null, add check (due between 0 and amount);

grant select, update (state, due, received_at, received_amount) on payment_share to sebez_kernel;
grant update (refunded_amount) on payment to sebez_kernel;
grant update (state, received_at, received_amount, refunded_amount) on payment_share to sebez_admin;
grant update (refunded_at, refunded_by, refund_reference) on payment to sebez_admin;
revoke update (state, received_at, received_amount) on payment from sebez_admin;
-- Only its own share is a vendor's business.
revoke select (state, received_at) on payment from sebez_vendor;

-- What of the service fee is a percentage of the goods, and is cancelled with them. Of older sub-orders it
-- is not known, and stays owed.
alter table sub_order
	add column percent_fee bigint not null default 0 check (percent_fee between 0 and fee);
