-- Moving sub-orders. Rows are always locked in this order, to avoid deadlocks: sub-orders by id, conversations
-- by id, payments by id, balances by vendor, variants by (vendor, variant), products by id, series of invoices by
-- vendor. Each notification
-- of conversations locks them by id; a transaction that notifies more than once, or after locking the payment,
-- locks them all first (chat_lock).

-- sub_order_lock (id uuid): one writes -> (id uuid)
-- Other actors' sub-orders are not found.
select s.id from sub_order s where s.id = :id for update;

-- sub_orders_lock (order uuid): many writes -> (id uuid)
select s.id from sub_order s where s.order_id = :order order by s.id for update;

-- sub_orders_move (ids uuid[], to text, clock choice(keep, accept, promise, extend, complete, stop), change text?,
--     noted bool, reason text?, cancel_reason text?): none writes
-- Sets the state (possibly the same: then change says what has changed) and recomputes the cancelled total. Writes
-- history when noted, and notes events for their customers and vendors.
with before as (
	select s.vendor_id, s.id, s.state from sub_order s where s.id = any (:ids)
), moved as (
	update sub_order s
	set state = :to,
	    cancelled_total = case when :to = 'cancelled' then s.total else (
		select least(s.total, s.goodwill + s.platform_goodwill + sub_order_gone(
			sum(l.price * (l.cancelled_quantity + l.refunded_quantity)), s.subtotal, s.percent_fee, s.discount,
			s.tax, s.refunded_shipping))
		from order_line l where l.vendor_id = s.vendor_id and l.sub_order_id = s.id) end,
	    [clock = accept: deadline_at = now() + (select make_interval(hours => accept_hours) from platform),]
	    [clock = complete: deadline_at = now() + (select make_interval(days => complete_days) from platform),]
	    [clock = promise: ship_by = now() + make_interval(days => s.handling_days),
	                      deadline_at = now() + (select make_interval(days => s.handling_days + ship_grace_days)
	                                             from platform),]
	    [clock = extend: deadline_at = greatest(s.deadline_at, now() + (select make_interval(days => ship_grace_days)
	                                                                    from platform)),]
	    [clock = stop: deadline_at = null,]
	    cancel_reason = coalesce(:cancel_reason, s.cancel_reason),
	    version = s.version + 1, updated_at = now()
	from before b
	where s.vendor_id = b.vendor_id and s.id = b.id
	returning s.vendor_id, s.id, s.order_id, s.account_id, s.number, s.state, s.version, s.cancelled_total, s.currency,
	          b.state as from_state
), noted as (
	insert into sub_order_history (vendor_id, sub_order_id, number, from_state, to_state, actor, actor_id,
	                               reason, at)
	select m.vendor_id, m.id, (select coalesce(max(h.number), 1) + 1 from sub_order_history h
	                           where h.vendor_id = m.vendor_id and h.sub_order_id = m.id),
	       m.from_state, :to, current_setting('sebez.actor', true), current_account(), :reason, now()
	from moved m
	where :noted
)
select feed_add_events(event_sub_order_changed(m.account_id, m.vendor_id, id => m.id, order_id => m.order_id,
	vendor_id => m.vendor_id, number => m.number, status => m.state, version => m.version,
	cancelled_total => shape_money(amount => m.cancelled_total, currency => m.currency),
	by => current_setting('sebez.actor', true), was => m.from_state, change => :change))
from moved m;

-- record line_quantity (line uuid, quantity int)

-- order_lines_cancel (vendor uuid, lines line_quantity[]): none
update order_line l set cancelled_quantity = l.cancelled_quantity + c.quantity
from :lines as c (line, quantity)
where l.vendor_id = :vendor and l.id = c.line;

-- order_lines_cancel_rest (sub_orders uuid[]): none
update order_line l set cancelled_quantity = l.quantity - l.shipped_quantity
from sub_order s
where s.id = any (:sub_orders) and l.vendor_id = s.vendor_id and l.sub_order_id = s.id
and l.quantity - l.shipped_quantity > l.cancelled_quantity;

-- payments_settle (sub_orders uuid[]): none
-- Runs after the sub-orders were moved.
select settle_payments(:sub_orders);

-- stock_release (sub_orders uuid[]): none
-- Runs last, so that a popular variant is locked for the commit only.
select release_stock(:sub_orders);

-- invoices_issue (sub_orders uuid[]): none
-- Of those that were shipped and are not invoiced yet. Runs after the stock was released: it takes the last lock.
select invoices_issue(:sub_orders);

-- shipment_insert (vendor uuid, id uuid, sub_order uuid, carrier text?, tracking_number text?, tracking_url text?,
--     lines line_quantity[]): none
-- Inserts a shipment with its lines and adds them to the shipped quantities.
with parcel as (
	insert into shipment (vendor_id, id, sub_order_id, carrier, tracking_number, tracking_url)
	values (:vendor, :id, :sub_order, :carrier, :tracking_number, :tracking_url)
), packed as (
	insert into shipment_line (vendor_id, shipment_id, order_line_id, quantity)
	select :vendor, :id, line, quantity from :lines as p
)
update order_line l set shipped_quantity = l.shipped_quantity + p.quantity
from :lines as p
where l.vendor_id = :vendor and l.id = p.line;

-- shipments_of (sub_order uuid): many -> (id uuid, arrived bool)
select h.id, h.delivered_at is not null as arrived from shipment h where h.sub_order_id = :sub_order
order by h.id;

-- shipments_arrive (sub_order uuid, id uuid?): none
-- Marks one shipment as arrived, or all in transit.
update shipment h set delivered_at = now()
where h.sub_order_id = :sub_order and h.delivered_at is null
[id: and h.id = :id];
