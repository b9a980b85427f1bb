-- Placing orders. All statements run in one batch: an order is never visible in part.

-- record new_part (id uuid, vendor uuid, number text, subtotal bigint, shipping bigint, discount bigint, tax bigint,
--     fee bigint, percent_fee bigint, total bigint, method uuid, method_name text, handling int)
-- A sub-order.

-- record new_line (id uuid, vendor uuid, sub_order uuid, position int, product uuid, variant uuid, title text,
--     variant_title text?, sku text?, image text?, quantity int, price bigint, rate int, commission bigint)
-- A line of a sub-order; the rate of its commission in basis points.

-- order_claim_cart (cart uuid, version int): none writes
-- Raises when the cart was changed or ordered since the quote.
select cart_to_order(:cart, :version);

-- sub_orders_insert (order uuid, state text, currency text, customer text, address json, note text?, deadline time?,
--     at time, received time?, parts new_part[]): none
-- With received, the share of each in the payment counts as received.
insert into sub_order (order_id, account_id, state, currency, customer_name, shipping_address, note,
                       deadline_at, created_at, updated_at, id, vendor_id, number, subtotal, shipping,
                       discount, tax, fee, percent_fee, total, shipping_method_id,
                       shipping_method_name, handling_days [received: , payment_state, received_at, received_amount])
select :order, current_account(), :state, :currency, :customer, :address, :note, :deadline, :at, :at,
       id, vendor, number, subtotal, shipping, discount, tax, fee, percent_fee, total, method, method_name,
       handling [received: , 'received', :received, total]
from :parts as p;

-- order_lines_insert (lines new_line[]): none
insert into order_line (account_id, id, vendor_id, sub_order_id, position, product_id, variant_id, title,
                        variant_title, sku, image, quantity, price, commission_basis_points, commission, total)
select current_account(), l.*, price * quantity from :lines as l;

-- order_insert (id uuid, number text, cart uuid, currency text, subtotal bigint, shipping bigint, discount bigint,
--     tax bigint, fee bigint, total bigint, address json, note text?, at time, payment uuid, method text,
--     received time?): none
-- The order and its payment. With received, the full amount counts as received. Comes after the sub-orders and
-- lines, for order_adds_up() looks at them.
with paid as (
	insert into payment (id, order_id, account_id, method, amount, currency, created_at, state
	                     [received: , received_at, received_amount])
	values (:payment, :id, current_account(), :method, :total, :currency, :at
	        [!received: , 'pending'] [received: , 'received', :received, :total])
)
insert into shop_order (id, number, account_id, cart_id, currency, subtotal, shipping, discount, tax, fee,
                        total, shipping_address, note, created_at)
values (:id, :number, current_account(), :cart, :currency, :subtotal, :shipping, :discount, :tax, :fee,
        :total, :address, :note, :at);

-- order_reserve_stock (lines new_line[], at time): none writes
-- Raises when a variant is out of stock or no longer sold as quoted.
select reserve_stock(:lines.vendor, :lines.variant, :lines.quantity, :lines.price, :at);
