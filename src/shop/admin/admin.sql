-- What admins see and decide. The admin's role sees every row; every write is in the audit log.

-- audit_reason (reason text?): none writes
-- For what this transaction writes from now on.
select set_config('sebez.reason', coalesce(:reason, ''), true);

-- Vendors ----------------------------------------------------------------------------------------

-- admin_vendors (froms text[], tos text[], id uuid?, status text?, q text?, after_key time, after_id uuid, page_size int): many
-- One vendor, or a page of them, newest first. The table of transitions comes from C.
select v.id, v.name, v.slug, v.state as status, v.state_reason as status_reason, v.description,
       v.contact_email, v.contact_phone, v.commission_basis_points,
       o.id as "owner.id", o.name as "owner.name", o.email as "owner.email",
       (select coalesce(array_agg(t.go), '{}') from unnest(:froms::text[], :tos::text[]) as t (come, go)
        where t.come = v.state) as allowed_transitions,
       v.created_at, v.updated_at, v.version as "_version", v.created_at as "_key"
from vendor v
left join lateral (
	select a.id, a.name, a.email from staff s join account a on a.id = s.account_id
	where s.vendor_id = v.id and s.role = 'owner' order by s.created_at, a.id limit 1) o on true
where true
[id: and v.id = :id]
[status: and v.state = :status]
[q: and v.slug || ' ' || v.name ilike containing(:q)]
[!id: and (v.created_at, v.id) < (:after_key, :after_id)
order by v.created_at desc, v.id desc
limit :page_size];

-- admin_vendor_lock (id uuid): one -> (state text)
-- Products before their vendor, as every write of a product locks them.
with held as materialized (
	select p.id from product p where p.vendor_id = :id order by p.id for no key update
)
select v.state from vendor v where v.id = :id and (select count(*) from held) >= 0 for no key update;

-- admin_vendor_move (id uuid, state text, reason text?): one
update vendor
set state = :state, state_reason = :reason, version = version + 1, updated_at = now(),
    approved_at = case when :state = 'approved' then coalesce(approved_at, now()) else approved_at end
where id = :id;

-- admin_vendor_refresh (id uuid): one writes
-- All of the vendor's products leave the shop, or come back.
select refresh_vendor(:id);

-- admin_vendor_commission (id uuid, basis_points int?): one
update vendor
set commission_basis_points = :basis_points, version = version + 1, updated_at = now()
where id = :id;

-- Users ------------------------------------------------------------------------------------------

-- admin_users_page (q text?, locked bool?, after_key time, after_id uuid, page_size int): many
select a.id, a.email, a.name, a.admin_role, a.locked_at, a.created_at, a.created_at as "_key"
from account a
where (a.created_at, a.id) < (:after_key, :after_id)
[q: and a.email || ' ' || a.name ilike containing(:q)]
[locked: and (a.locked_at is not null) = :locked]
order by a.created_at desc, a.id desc
limit :page_size;

-- admin_user (id uuid): one
select a.id, a.email, a.name, a.admin_role,
       coalesce((
		select json_agg(json_build_object('id', v.id, 'name', v.name, 'slug', v.slug, 'status', v.state,
		                                  'role', s.role) order by s.created_at, v.id)
		from staff s join vendor v on v.id = s.vendor_id where s.account_id = a.id), '[]') as vendors,
       a.created_at, a.locked_at, a.locked_reason as lock_reason, a.version as "_version"
from account a
where a.id = :id;

-- admin_user_row_lock (id uuid): one -> (is_admin bool, is_self bool, by_superadmin bool)
select a.admin_role is not null as is_admin, a.id = current_account() as is_self,
       (select me.admin_role = 'superadmin' and me.locked_at is null
        from account me where me.id = current_account()) as by_superadmin
from account a
where a.id = :id
for no key update;

-- admin_user_lock (id uuid, reason text): one
update account
set locked_at = coalesce(locked_at, now()), locked_reason = :reason, version = version + 1,
    updated_at = now()
where id = :id;

-- admin_superadmins_lock (): many -> (is_self bool)
-- Until the end of the transaction nobody else changes who they are.
select a.id = current_account() as is_self from account a where a.admin_role = 'superadmin'
order by a.id for no key update;

-- admin_user_set_role (id uuid, role text?): one
update account set admin_role = :role, version = version + 1, updated_at = now() where id = :id;

-- admin_user_end_sessions (id uuid): none
update session set ended_at = now() where account_id = :id and ended_at is null;

-- admin_user_unlock (id uuid): one
update account
set locked_at = null, locked_reason = null, version = version + 1, updated_at = now()
where id = :id;

-- Categories -------------------------------------------------------------------------------------

-- admin_category (id uuid): one
select c.id, c.slug, c.name, c.parent_id,
       (select string_agg(a.slug, '/' order by t.position)
        from unnest(c.path) with ordinality as t (id, position) join category a on a.id = t.id) as path,
       cardinality(c.path) - 1 as depth
from category c
where c.id = :id;

-- admin_category_insert (id uuid, parent uuid?, slug text, name text, position int): one
insert into category (id, parent_id, slug, name, position, path)
values (:id, :parent, :slug, :name, :position, '{}');

-- admin_category_lock (id uuid): one -> (held bigint)
-- All that a move changes: products before categories, as every write of a product locks them.
with products as materialized (
	select p.id from product p
	where p.category_id in (select c.id from category c where c.path @> array[:id])
	order by p.id for no key update
), below as materialized (
	select c.id from category c
	where c.path @> array[:id] and (select count(*) from products) >= 0
	order by c.id for no key update
)
select count(*) as held from below;

-- admin_category_update (id uuid, name text?, slug text?, parent_given bool, parent uuid?, position int?): one
update category
set name = coalesce(:name, name), slug = coalesce(:slug, slug), position = coalesce(:position, position),
    version = version + 1
    [parent_given: , parent_id = :parent]
where id = :id;

-- admin_category_descendants (id uuid): one writes
-- Their paths follow the moved one's.
select category_paths(:id);

-- admin_category_remove (id uuid, into uuid?): one writes
select category_remove(:id, :into);

-- admin_category_refresh (id uuid): one writes
select refresh_products(array(
	select p.id from product p
	where p.category_id in (select c.id from category c where c.path @> array[:id])));

-- Products ---------------------------------------------------------------------------------------

-- admin_products (id uuid?, q text?, vendor uuid?, vendor_slug text?, status text?, unlisted bool?, after_key time, after_id uuid, page_size int): many
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

-- Platform ---------------------------------------------------------------------------------------

-- admin_settings (): one
select f.currency, f.service_fee_fixed as "service_fee_fixed.amount",
       f.currency as "service_fee_fixed.currency", f.service_fee_basis_points, f.commission_basis_points,
       f.payment_hours, f.accept_hours, f.ship_grace_days, f.complete_days, f.version, f.version as "_version"
from platform f;

-- admin_settings_put (if_match int[]?, fee_fixed bigint, fee_currency text, fee_basis_points int, commission_basis_points int, payment_hours int, accept_hours int, ship_grace_days int, complete_days int): maybe
update platform
set service_fee_fixed = case when marketplace_currency(:fee_currency, '/service_fee_fixed/currency')
                        is not null then :fee_fixed end,
    service_fee_basis_points = :fee_basis_points, commission_basis_points = :commission_basis_points,
    payment_hours = :payment_hours, accept_hours = :accept_hours, ship_grace_days = :ship_grace_days,
    complete_days = :complete_days, version = version + 1
where true
[if_match: and version = any (:if_match)]
returning currency, service_fee_fixed as "service_fee_fixed.amount",
          currency as "service_fee_fixed.currency", service_fee_basis_points, commission_basis_points,
          payment_hours, accept_hours, ship_grace_days, complete_days, version, version as "_version";

-- admin_audit_page (account uuid?, vendor uuid?, vendor_slug text?, action text?, object uuid?, after_key bigint, after_id uuid, page_size int): many
-- The number alone is a unique key; the cursor's id only has to be there.
select l.id, l.at, l.actor as "by.kind", l.account_id as "by.id", a.name as "by.name", l.vendor_id,
       l.action, l.object_kind as "object.kind", l.object_id as "object.id", l.before, l.after,
       l.reason, l.request_id, l.id as "_key", :after_id as "_id"
from audit_log l
left join account a on a.id = l.account_id
where l.id < :after_key
[account: and l.account_id = :account]
[vendor: and l.vendor_id = :vendor]
[vendor_slug: and l.vendor_id = (select n.id from vendor n where n.slug = :vendor_slug)]
[action: and l.action = :action]
[object: and l.object_id = :object]
order by l.id desc
limit :page_size;
