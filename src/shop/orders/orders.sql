-- Placing orders.

-- record order_row (account uuid, session uuid, key text?, hash bytea?, body bytea?, events text, id uuid, number text,
--     cart uuid, version int, subtotal bigint, shipping bigint, discount bigint, tax bigint, fee bigint, total bigint,
--     customer text, address text, note text?, state text, deadline time?, at time, payment uuid, method text,
--     received time?)
-- An order. Key, hash and body are the reply that is stored with it; events are the lines of feed_add_events(). With
-- received, the payment and the share of each sub-order in it count as received.

-- record part_row (of int, id uuid, vendor uuid, number text, subtotal bigint, shipping bigint, discount bigint,
--     tax bigint, fee bigint, percent_fee bigint, total bigint, method uuid, method_name text, handling int)
-- A sub-order of the order at position `of`, from 1.

-- record line_row (of int, id uuid, position int, product uuid, variant uuid, title text, variant_title text,
--     sku text?, image text?, quantity int, price bigint, rule uuid?, rate int, commission bigint,
--     shipping_commission bigint, tax_rate int)
-- A line of the sub-order at position `of`, from 1; rates in basis points, of its commission and of the tax on that.

-- orders_begin_together (lock_ms int): none writes
-- For the rest of the transaction: waits at most so long for each lock, so that a row that is locked for long delays
-- no orders of others; and plans orders_insert, and what it calls, only once, as planning for each call, which is the
-- rule for this role, would take longer than running them.
select set_config('lock_timeout', :lock_ms::text, true), set_config('plan_cache_mode', 'force_generic_plan', true);

-- orders_insert (together bool, operation text?, currency text, orders order_row[], parts part_row[],
--     lines line_row[]): many writes -> (id uuid)
-- Takes the carts, inserts the orders with all their rows and reserves their stock. One statement for all, because
-- preparing to run several costs more than what they do. Raises when a variant is out of stock or no longer sold as
-- quoted, and, for the order of a customer who acts, when the cart was changed or ordered since the quote. together:
-- by the jobs role, which places orders of several customers: only those that need nothing else, which it returns.
-- Of these the session is live, no reply is stored under the key, and the cart is the customer's and as quoted.
with asked as materialized (
	select * from :orders with ordinality as o (account, session, key, hash, body, events, id, number, cart, version,
		subtotal, shipping, discount, tax, fee, total, customer, address, note, state, deadline, at, payment, method,
		received)
), locked as materialized (
	select c.id from cart c where c.id in (select a.cart from asked a) order by c.id for no key update
	[together: skip locked]
), taken as (
	update cart c set state = 'ordered', updated_at = now()
	from asked a join locked k on k.id = a.cart
	where c.id = a.cart and c.state = 'open' and c.version = a.version
	[together: and c.account_id = a.account and exists (
			select from session s join account t on t.id = s.account_id
			where s.id = a.session and s.account_id = a.account and s.ended_at is null and s.expires_at > now()
			and t.locked_at is null)
		and not exists (select from idempotency_key i where i.scope = 'customer:' || a.account and i.key = a.key)]
	returning a.*
), [together: kept as (
	insert into idempotency_key (scope, key, operation, request_hash, status, body)
	select 'customer:' || t.account, t.key, :operation, t.hash, 201, t.body from taken t where t.key is not null
),] part as materialized (
	select p.*, t.account, t.id as order_id, t.state, t.customer, t.address, t.note, t.deadline, t.at, t.received
	from :parts with ordinality as p (of, id, vendor, number, subtotal, shipping, discount, tax, fee, percent_fee,
		total, method, method_name, handling)
	join taken t on t.ordinality = p.of
), sub_orders as (
	insert into sub_order (order_id, account_id, state, currency, customer_name, shipping_address, note, deadline_at,
	                       created_at, updated_at, id, vendor_id, number, subtotal, shipping, discount, tax, fee,
	                       percent_fee, total, shipping_method_id, shipping_method_name, handling_days, payment_state,
	                       received_at, received_amount)
	select p.order_id, p.account, p.state, :currency, p.customer, p.address::json, p.note, p.deadline, p.at, p.at, p.id,
	       p.vendor, p.number, p.subtotal, p.shipping, p.discount, p.tax, p.fee, p.percent_fee, p.total, p.method,
	       p.method_name, p.handling, case when p.received is null then 'pending' else 'received' end, p.received,
	       case when p.received is not null then p.total end
	from part p
), line as (
	insert into order_line (account_id, vendor_id, sub_order_id, id, position, product_id, variant_id, title,
	                        variant_title, sku, image, quantity, price, commission_rule_id, commission_basis_points,
	                        commission, shipping_commission, commission_tax_basis_points, total)
	select p.account, p.vendor, p.id, l.id, l.position, l.product, l.variant, l.title, l.variant_title, l.sku, l.image,
	       l.quantity, l.price, l.rule, l.rate, l.commission, l.shipping_commission, l.tax_rate, l.price * l.quantity
	from :lines as l join part p on p.ordinality = l.of
	returning vendor_id, variant_id, quantity, price, image
), payments as (
	insert into payment (id, order_id, account_id, method, amount, currency, created_at, state, received_at,
	                     received_amount)
	select t.payment, t.id, t.account, t.method, t.total, :currency, t.at,
	       case when t.received is null then 'pending' else 'received' end, t.received,
	       case when t.received is not null then t.total end
	from taken t
), placed as (
	insert into shop_order (id, number, account_id, cart_id, currency, subtotal, shipping, discount, tax, fee, total,
	                        shipping_address, note, created_at)
	select t.id, t.number, t.account, t.cart, :currency, t.subtotal, t.shipping, t.discount, t.tax, t.fee, t.total,
	       t.address::json, t.note, t.at
	from taken t
), told as materialized (
	select feed_add_events(string_agg(t.events, '')) from taken t
), reserved as materialized (
	-- Each variant once, as an update changes a row only once; no price matches when those expected differ.
	select reserve_stock(array_agg(g.vendor_id), array_agg(g.variant_id), array_agg(g.quantity), array_agg(g.price),
		(select array_agg(l.image) from line l where l.image is not null), (select min(t.at) from taken t))
	from (select l.vendor_id, l.variant_id, sum(l.quantity)::int as quantity,
	             case when min(l.price) = max(l.price) then min(l.price) end as price
	      from line l group by 1, 2) g
	having count(*) > 0
)
select t.id from taken t cross join told cross join reserved
[!together: union all select (select null::uuid from refuse_cart()) where not exists (select from taken)];
