-- A marketplace to measure on, made by PostgreSQL itself: run by its superuser on a migrated, empty
-- database. psql variables: vendors, categories, products, orders, customers.
--
-- Ids are computed from numbers, so that load generators know them: see seed_id().
\set ON_ERROR_STOP on
set session_replication_role = replica; -- no triggers, no foreign key checks: the data is known to fit
set synchronous_commit = off;

create or replace function seed_id(kind int, n bigint) returns uuid language sql immutable parallel safe
return (lpad(to_hex(1700000000000 + n), 12, '0') || '7' || lpad(to_hex(kind), 3, '0') || '8'
        || lpad(to_hex(n), 15, '0'))::uuid;
-- kinds: 1 account, 2 vendor, 3 category, 4 product, 5 variant, 6 method, 7 cart, 8 order, 9 sub-order,
-- 10 line, 11 payment, 12 session, 13 adjustment, 16 conversation (events.sql)

insert into account (id, email, email_key, name, password_hash)
select seed_id(1, n), 'customer' || n || '@bench.sebez.test', 'customer' || n || '@bench.sebez.test',
       'Customer ' || n, '!'
from generate_series(1, :customers) n;
insert into session (id, account_id, expires_at)
select seed_id(12, n), seed_id(1, n), now() + interval '30 days' from generate_series(1, :customers) n;

insert into vendor (id, slug, name, state, approved_at)
select seed_id(2, n), 'vendor-' || n, 'Vendor ' || n, 'approved', now() from generate_series(1, :vendors) n;
insert into shipping_method (vendor_id, id, name, price, currency, free_above)
select seed_id(2, v), seed_id(6, v * 2 + m), case m when 0 then 'Standard' else 'Express' end,
       case m when 0 then 490 else 990 end, 'USD', case m when 0 then 10000 end
from generate_series(1, :vendors) v, generate_series(0, 1) m;

-- A tenth of the categories are roots; each other has one of them as its parent.
insert into category (id, parent_id, slug, name, path)
select seed_id(3, n), case when n > :categories / 10 then seed_id(3, 1 + n % (:categories / 10)) end,
       'category-' || n, 'Category ' || n,
       case when n > :categories / 10 then array[seed_id(3, 1 + n % (:categories / 10)), seed_id(3, n)]
            else array[seed_id(3, n)] end
from generate_series(1, :categories) n;

insert into product (vendor_id, id, handle, title, description, status, category_id, options, images,
                     currency, price, visible, in_stock, created_at, updated_at)
select seed_id(2, 1 + n % :vendors), seed_id(4, n), 'product-' || n,
       (array['Stoneware', 'Linen', 'Copper', 'Walnut', 'Wool', 'Glass', 'Leather', 'Cotton'])[1 + n % 8]
       || ' ' || (array['mug', 'lamp', 'shirt', 'chair', 'blanket', 'vase', 'bag', 'apron'])[1 + n / 8 % 8]
       || ' ' || n,
       'Made by hand in small numbers, number ' || n || '. ' || repeat('It is good and lasts. ', 10),
       'active', seed_id(3, 1 + n * 7 % :categories),
       '[{"name": "Color", "values": ["Blue", "Red"]}]',
       ('[{"url": "https://images.example.com/' || n || '.jpg", "alt": "Product ' || n
        || '", "image_facts": null}]')::json,
       'USD', 500 + n * 37 % 20000, true, true,
       timestamptz '2026-01-01' - n * interval '1 minute', now()
from generate_series(1, :products) n;
insert into variant (vendor_id, id, product_id, sku, title, option1, price, currency, available, position)
select seed_id(2, 1 + n % :vendors), seed_id(5, n * 2 + v), seed_id(4, n), 'SKU-' || n || '-' || v,
       (array['Blue', 'Red'])[v + 1], (array['Blue', 'Red'])[v + 1], 500 + n * 37 % 20000, 'USD',
       1000000000, v
from generate_series(1, :products) n, generate_series(0, 1) v;
insert into listing (category_id, product_id, vendor_id, created_at, price, sold)
select k, p.id, p.vendor_id, p.created_at, p.price, 0
from product p join category c on c.id = p.category_id
cross join lateral (select '00000000-0000-0000-0000-000000000000'::uuid as k union all select unnest(c.path)) k;
select refresh_search(array(select id from product));

-- Old orders: three sub-orders of five lines, spread over customers and products.
insert into cart (id, account_id, state)
select seed_id(7, n), seed_id(1, 1 + n % :customers), 'ordered' from generate_series(1, :orders) n;
insert into shop_order (id, number, account_id, cart_id, currency, subtotal, shipping, total, shipping_address,
                        created_at)
select seed_id(8, n), to_char(n, 'FM0000"-"0000'), seed_id(1, 1 + n % :customers), seed_id(7, n), 'USD',
       5000, 0, 5000, '{"name": "Seed"}', timestamptz '2026-01-01' - (:orders - n) * interval '1 minute'
from generate_series(1, :orders) n;
insert into sub_order (vendor_id, id, order_id, account_id, number, state, currency, subtotal, shipping, total,
                       shipping_method_name, handling_days, customer_name, shipping_address, created_at,
                       payment_state, received_at, received_amount)
select seed_id(2, 1 + (n * 3 + s) % :vendors), seed_id(9, n * 3 + s), seed_id(8, n), seed_id(1, 1 + n % :customers),
       to_char(n, 'FM0000"-"0000') || '-' || s + 1, 'completed', 'USD',
       case s when 2 then 1000 else 2000 end, 0, case s when 2 then 1000 else 2000 end,
       'Standard', 3, 'Seed', '{"name": "Seed"}', timestamptz '2026-01-01' - (:orders - n) * interval '1 minute',
       'received', now(), case s when 2 then 1000 else 2000 end
from generate_series(1, :orders) n, generate_series(0, 2) s;
insert into sub_order_history (vendor_id, sub_order_id, number, from_state, to_state, actor)
select vendor_id, id, 2, 'placed', 'completed', 'system' from sub_order;
insert into order_line (vendor_id, id, sub_order_id, account_id, position, product_id, variant_id, title,
                        variant_title, quantity, price, total, commission_basis_points, commission)
select seed_id(2, 1 + (n * 3 + l / 2) % :vendors), seed_id(10, n * 5 + l), seed_id(9, n * 3 + l / 2),
       seed_id(1, 1 + n % :customers), 1 + l % 2,
       seed_id(4, (n * 3 + l / 2) % :vendors + :vendors * (n % (:products / :vendors))),
       seed_id(5, ((n * 3 + l / 2) % :vendors + :vendors * (n % (:products / :vendors))) * 2 + l % 2),
       'Seed', 'Blue', 1, 1000, 1000, 1000, 100
from generate_series(1, :orders) n, generate_series(0, 4) l;
insert into payment (id, order_id, account_id, method, state, received_at, received_amount,
                     amount, currency)
select seed_id(11, n), seed_id(8, n), seed_id(1, 1 + n % :customers), 'cash_on_delivery', 'received', now(), 5000,
       5000, 'USD'
from generate_series(1, :orders) n;

insert into stock_adjustment (vendor_id, id, variant_id, delta, reason)
select v.vendor_id, seed_id(13, row_number() over ()), v.id, v.available + coalesce(r.held, 0), 'seed'
from variant v
left join (select vendor_id, variant_id, sum(quantity)::int as held from order_line group by 1, 2) r
	on r.vendor_id = v.vendor_id and r.variant_id = v.id;

set session_replication_role = origin;
vacuum analyze;
