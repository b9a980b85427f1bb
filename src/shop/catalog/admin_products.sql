-- All vendors' products, listed and unlisted by admins. The admin's role sees every row; every write is in
-- the audit log.

-- admin_products (id uuid?, q text?, vendor uuid?, vendor_slug text?, status text?, unlisted bool?, after_key time,
--     after_id uuid, page_size int): many
select p.id, p.title, p.handle, p.status, p.unlisted_at, p.unlisted_reason,
       p.price as "price.amount", p.currency as "price.currency",
       v.id as "vendor.id", v.name as "vendor.name", v.slug as "vendor.slug",
       c.id as "category.id", c.slug as "category.slug", c.name as "category.name",
       p.created_at, p.version as "_version", p.created_at as "_key"
from product p
join vendor v on v.id = p.vendor_id
left join category c on c.id = p.category_id
where p.deleted_at is null
[id: and p.id = :id]
[q slow: and p.id in (select f.product_id from all_products_found(:q) f)]
[vendor: and p.vendor_id = :vendor]
[vendor_slug: and p.vendor_id = (select n.id from vendor n where n.slug = :vendor_slug)]
[status: and p.status = :status]
[unlisted: and (p.unlisted_at is not null) = :unlisted]
[!id: and (p.created_at, p.id) < (:after_key, :after_id)
order by p.created_at desc, p.id desc
limit :page_size];

-- admin_product_unlist (id uuid, reason text): one
update product
set unlisted_at = coalesce(unlisted_at, now()), unlisted_reason = :reason, version = version + 1,
    updated_at = now()
where id = :id;

-- admin_product_relist (id uuid): one
update product
set unlisted_at = null, unlisted_reason = null, version = version + 1, updated_at = now()
where id = :id;

-- admin_product_refresh (id uuid): one writes
select refresh_products(array[:id]);
