-- Vendors, listed and decided on by admins. The admin's role sees every row; every write is in the audit log.

-- admin_vendors (transitions rows(from_state text, to_state text), id uuid?, status text?, q text?,
--     after_key time, after_id uuid, page_size int): many
-- One vendor, or a page of them, newest first. The transition table is passed from C.
select v.id, v.name, v.slug, v.state as status, v.state_reason as status_reason, v.description, v.logo,
       v.banner, v.contact_email, v.contact_phone, v.commission_basis_points,
       o.id as "owner.id", o.name as "owner.name", o.email as "owner.email",
       (select coalesce(array_agg(t.to_state), '{}') from :transitions as t where t.from_state = v.state)
       as allowed_transitions,
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
-- Locks products before their vendor, as every write of a product does.
with locked as materialized (
	select p.id from product p where p.vendor_id = :id order by p.id for no key update
)
select v.state from vendor v where v.id = :id and (select count(*) from locked) >= 0 for no key update;

-- admin_vendor_move (id uuid, state text, reason text?): one
update vendor
set state = :state, state_reason = :reason, version = version + 1, updated_at = now(),
    approved_at = case when :state = 'approved' then coalesce(approved_at, now()) else approved_at end
where id = :id;

-- admin_vendor_refresh (id uuid): one writes
-- Removes all of the vendor's products from the listing, or adds them again.
select refresh_vendor(:id);

-- admin_vendor_commission (id uuid, basis_points int?): one
update vendor
set commission_basis_points = :basis_points, version = version + 1, updated_at = now()
where id = :id;
