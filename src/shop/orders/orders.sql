-- Placing orders. All statements run in one batch: an order is never visible in part.

-- record new_part (id uuid, vendor uuid, number text, subtotal bigint, shipping bigint, discount bigint, tax bigint,
--     fee bigint, percent_fee bigint, total bigint, method uuid, method_name text, handling int)
-- A sub-order.

-- record new_line (id uuid, vendor uuid, sub_order uuid, position int, product uuid, variant uuid, title text,
--     variant_title text?, sku text?, image text?, quantity int, price bigint, rate int, commission bigint)
-- A line of a sub-order; the rate of its commission in basis points.

-- order_insert (id uuid, number text, cart uuid, version int, currency text, subtotal bigint, shipping bigint,
--     discount bigint, tax bigint, fee bigint, total bigint, customer text, address json, note text?, state text,
--     deadline time?, at time, payment uuid, method text, received time?, parts new_part[], lines new_line[]):
--     none writes
-- Takes the cart, or raises when it was changed or ordered since the quote; then inserts the order with all its rows.
-- One statement, because preparing to run several costs more than what they do. With received, the payment and the
-- share of each sub-order in it count as received.
with taken as (
	update cart c set state = 'ordered', updated_at = now()
	where c.id = :cart and c.state = 'open' and c.version = :version
	returning c.id
), part as (
	insert into sub_order (order_id, account_id, state, currency, customer_name, shipping_address, note, deadline_at,
	                       created_at, updated_at, id, vendor_id, number, subtotal, shipping, discount, tax, fee,
	                       percent_fee, total, shipping_method_id, shipping_method_name, handling_days
	                       [received: , payment_state, received_at, received_amount])
	select :id, current_account(), :state, :currency, :customer, :address, :note, :deadline, :at, :at, p.*
	       [received: , 'received', :received, p.total]
	from :parts as p
), line as (
	insert into order_line (account_id, id, vendor_id, sub_order_id, position, product_id, variant_id, title,
	                        variant_title, sku, image, quantity, price, commission_basis_points, commission, total)
	select current_account(), l.*, l.price * l.quantity from :lines as l
), paid as (
	insert into payment (id, order_id, account_id, method, amount, currency, created_at, state
	                     [received: , received_at, received_amount])
	values (:payment, :id, current_account(), :method, :total, :currency, :at
	        [!received: , 'pending'] [received: , 'received', :received, :total])
), placed as (
	insert into shop_order (id, number, account_id, cart_id, currency, subtotal, shipping, discount, tax, fee, total,
	                        shipping_address, note, created_at)
	values (:id, :number, current_account(), :cart, :currency, :subtotal, :shipping, :discount, :tax, :fee, :total,
	        :address, :note, :at)
)
select refuse_cart() where not exists (select from taken);

-- order_reserve_stock (lines new_line[], at time): none writes
-- Raises when a variant is out of stock or no longer sold as quoted.
select reserve_stock(:lines.vendor, :lines.variant, :lines.quantity, :lines.price, :lines.image, :at);
