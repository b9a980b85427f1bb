-- Carts and their prices. Row level security limits the actor to one open cart: the account's, or the guest's
-- by the token of the request.

-- cart_open (): maybe -> (id uuid, version int, updated_at time)
select c.id, c.version, c.updated_at from cart c where c.state = 'open';

-- cart_ensure (id uuid, variant uuid): none
-- Makes the cart for its first line, only when the variant exists.
insert into cart (id, account_id, guest_hash)
select :id, current_account(), case when current_account() is null then current_guest() end
where exists (select from variant v where v.id = :variant)
on conflict do nothing;

-- cart_lock (): none writes
-- Serializes changes of one cart.
select c.id from cart c where c.state = 'open' for no key update;

-- cart_line_put (variant uuid, quantity int, lines_max int): maybe -> (variant_id uuid)
with open as (
	update cart set version = version + 1, updated_at = now()
	where state = 'open' and exists (select from variant v where v.id = :variant)
	returning id
)
insert into cart_line (cart_id, vendor_id, variant_id, quantity, product_id, title, variant_title,
                       vendor_name, price)
select open.id, v.vendor_id, v.id, :quantity, p.id, p.title, v.title, n.name, v.price
from open, variant v
join product p on p.vendor_id = v.vendor_id and p.id = v.product_id
join vendor n on n.id = v.vendor_id
where v.id = :variant
and (select count(*) from cart_line l where l.cart_id = open.id and l.variant_id <> :variant) < :lines_max
on conflict (cart_id, variant_id) do update
set quantity = excluded.quantity, title = excluded.title, variant_title = excluded.variant_title,
    vendor_name = excluded.vendor_name, price = excluded.price
returning variant_id;

-- cart_line_delete (variant uuid): one -> (cart_id uuid)
with deleted as (
	delete from cart_line l using cart c
	where c.id = l.cart_id and c.state = 'open' and l.variant_id = :variant
	returning l.cart_id
)
update cart set version = version + 1, updated_at = now() from deleted where id = deleted.cart_id
returning id as cart_id;

-- cart_clear (): none
with deleted as (
	delete from cart_line l using cart c where c.id = l.cart_id and c.state = 'open' returning l.cart_id
)
update cart set version = version + 1, updated_at = now() where id in (select cart_id from deleted);

-- cart_lines (): many -> (vendor_id uuid, variant_id uuid, product_id uuid, quantity int, title text,
--     variant_title text, sku text?, image json?, price bigint, available bigint?, tracked bool?,
--     backorder bool?, published bool, vendor_name text, vendor_slug text?, commission_basis_points int?,
--     category_path text?)
-- Lines in lock order of stock. Unpublished goods are shown as they were put in.
select l.vendor_id, l.variant_id, l.product_id, l.quantity, coalesce(p.title, l.title) as title,
       coalesce(v.title, l.variant_title) as variant_title, v.sku,
       coalesce(v.image, p.images -> 0) as image, coalesce(v.price, l.price) as price,
       v.available, v.tracked, v.backorder, p.id is not null as published,
       coalesce(n.name, l.vendor_name) as vendor_name, n.slug as vendor_slug, n.commission_basis_points,
       (select array_to_string(g.path, ' ') from category g where g.id = p.category_id) as category_path
from cart c
join cart_line l on l.cart_id = c.id
left join variant v on v.vendor_id = l.vendor_id and v.id = l.variant_id
left join product p on p.vendor_id = v.vendor_id and p.id = v.product_id
left join vendor n on n.id = v.vendor_id
where c.state = 'open'
order by l.vendor_id, l.variant_id;

-- cart_shipping_methods (country text?): many -> (vendor_id uuid, id uuid, name text, price bigint,
--     free_above bigint?, handling_days int)
-- Methods of every vendor in the cart, cheapest first: those that deliver to the country, or all.
select m.vendor_id, m.id, m.name, m.price, m.free_above, m.handling_days
from shipping_method m
where m.active and m.vendor_id in (
	select l.vendor_id from cart c join cart_line l on l.cart_id = c.id where c.state = 'open')
[country: and (m.countries = '{}' or :country = any (m.countries))]
order by m.vendor_id, m.price, m.position, m.id;

-- platform_terms (): one -> (currency text, service_fee_fixed bigint, service_fee_basis_points int,
--     commission_basis_points int, commission_tax_basis_points int, commission_rules_version bigint, now time,
--     payment_hours int, accept_hours int)
select currency, service_fee_fixed, service_fee_basis_points, commission_basis_points, commission_tax_basis_points,
       commission_rules_version, now() as now, payment_hours, accept_hours
from platform;
