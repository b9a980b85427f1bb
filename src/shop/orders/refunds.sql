-- Refunds of what was shipped.

-- refund_make (id uuid, sub_order uuid, lines rows(line uuid, quantity int, restock bool), shipping bigint,
--     shipping_currency text?, goodwill bigint, goodwill_currency text?, goodwill_by text?, reason text): one writes
--     -> (amount bigint)
-- The sub-order is locked already.
select refund_sub_order(:id, :sub_order, :lines.line, :lines.quantity, :lines.restock,
	case when marketplace_currency(:shipping_currency, '/shipping/currency') is not null then :shipping else 0 end,
	case when marketplace_currency(:goodwill_currency, '/goodwill/currency') is not null then :goodwill else 0 end,
	:goodwill_by, :reason) as amount;

-- refund_tell (id uuid): none
select feed_add_events(event_sub_order_changed(s.account_id, s.vendor_id, id => s.id, order_id => s.order_id,
	vendor_id => s.vendor_id, number => s.number, status => s.state, version => s.version,
	cancelled_total => shape_money(amount => s.cancelled_total, currency => s.currency),
	by => r.actor, was => s.state, change => 'refunded'))
from sub_order_refund r join sub_order s on s.vendor_id = r.vendor_id and s.id = r.sub_order_id where r.id = :id
union all
select feed_add_events(event_refund_granted(s.account_id, s.vendor_id, refund_id => r.id, sub_order_id => s.id,
	order_id => s.order_id, vendor_id => s.vendor_id,
	amount => shape_money(amount => r.amount, currency => r.currency), by => r.actor))
from sub_order_refund r join sub_order s on s.vendor_id = r.vendor_id and s.id = r.sub_order_id
where r.id = :id and r.amount > 0;

-- refunds_of (sub_order uuid): one -> (items text)
-- Oldest first.
select coalesce((select json_agg(json_build_object('id', r.id, 'sub_order_id', r.sub_order_id,
	'amount', shape_money(amount => r.amount, currency => r.currency),
	'shipping', shape_money(amount => r.shipping, currency => r.currency),
	'goodwill', shape_money(amount => r.goodwill, currency => r.currency), 'goodwill_by', r.goodwill_by,
	'lines', (select coalesce(json_agg(json_build_object('line_id', x.order_line_id, 'quantity', x.quantity,
		'restocked', x.restocked) order by x.order_line_id), '[]') from sub_order_refund_line x
		where x.vendor_id = r.vendor_id and x.refund_id = r.id),
	'reason', r.reason, 'by', r.actor, 'created_at', json_time(r.created_at)) order by r.id)
	from sub_order_refund r where r.vendor_id = s.vendor_id and r.sub_order_id = s.id), '[]')::text as items
from sub_order s where s.id = :sub_order;

-- refund_read (id uuid): one
select r.id, r.sub_order_id, r.amount as "amount.amount", r.currency as "amount.currency",
       r.shipping as "shipping.amount", r.currency as "shipping.currency", r.goodwill as "goodwill.amount",
       r.currency as "goodwill.currency", r.goodwill_by,
       (select coalesce(json_agg(json_build_object('line_id', x.order_line_id, 'quantity', x.quantity,
	       'restocked', x.restocked) order by x.order_line_id), '[]') from sub_order_refund_line x
	       where x.vendor_id = r.vendor_id and x.refund_id = r.id) as lines,
       r.reason, r.actor as by, r.created_at
from sub_order_refund r where r.id = :id;
