-- Vendors: public pages, and what their staff maintains.

-- vendors_page (q text?, after_name text, after_id uuid, page_size int): many
select v.id, v.name, v.slug, v.logo_text, v.logo, v.created_at,
       (select ceil(greatest(r.seconds, 1) / 60)::bigint from vendor_response r where r.vendor_id = v.id)
       as response_minutes, v.name_key as "_text"
from vendor v
where v.state = 'approved'
and (v.name_key, v.id) > (:after_name, :after_id)
[q: and (v.slug || ' ' || v.name) ilike containing(:q)]
order by v.name_key, v.id
limit :page_size;

-- vendor_get (id uuid?, slug text?): one
select v.id, v.name, v.slug, v.description, v.logo_text, v.logo, v.banner,
       coalesce((
		select json_agg(json_build_object(
			'id', m.id, 'name', m.name,
			'price', json_build_object('amount', m.price, 'currency', m.currency),
			'free_above', case when m.free_above is not null
			              then json_build_object('amount', m.free_above, 'currency', m.currency) end,
			'handling_days', m.handling_days, 'countries', m.countries) order by m.price, m.position, m.id)
		from shipping_method m where m.vendor_id = v.id and m.active), '[]') as shipping_methods,
       v.created_at,
       (select ceil(greatest(r.seconds, 1) / 60)::bigint from vendor_response r where r.vendor_id = v.id)
       as response_minutes
from vendor v
where v.state = 'approved'
[id: and v.id = :id]
[slug: and v.slug = :slug];

-- vendor_apply_for (id uuid, slug text, name text, description text?, logo_text text?, email text?, phone text?,
--     open_max int): one writes
select v.id, v.name, v.slug, v.state as status, v.state_reason as status_reason, v.description, v.logo_text, v.logo,
       v.banner, v.contact_email, v.contact_phone, f.commission_basis_points, v.version, v.created_at, v.updated_at,
       v.version as "_version"
from vendor_apply(:id, :slug, :name, :description, :logo_text, :email, :phone, :open_max) v, platform f;

-- vendor_profile (id uuid): one
select v.id, v.name, v.slug, v.state as status, v.state_reason as status_reason, v.description, v.logo_text, v.logo,
       v.banner, v.contact_email, v.contact_phone,
       coalesce(v.commission_basis_points, f.commission_basis_points) as commission_basis_points,
       v.version, v.created_at, v.updated_at, v.version as "_version"
from vendor v, platform f
where v.id = :id;

-- vendor_update (id uuid, if_match int[]?, name text?, description text?, logo_text text?, logo_given bool,
--     logo json?, banner_given bool, banner json?, email text?, phone_given bool, phone text?): maybe
update vendor
set name = coalesce(:name, name), description = coalesce(:description, description),
    logo_text = coalesce(:logo_text, logo_text), [logo_given: logo = :logo,] [banner_given: banner = :banner,]
    contact_email = coalesce(:email, contact_email),
    contact_phone = case when :phone_given then :phone else contact_phone end,
    version = version + 1, updated_at = now()
where id = :id
[if_match: and version = any (:if_match)]
returning id;

-- vendor_checklist (id uuid): many
-- The conditions that must hold before customers can order.
select c.code, c.done
from vendor v
cross join lateral (values
	('approved', v.state = 'approved'),
	('shipping_method', exists (select from shipping_method m where m.vendor_id = v.id and m.active)),
	('product', exists (select from product p where p.vendor_id = v.id and p.status = 'active'
	                    and p.unlisted_at is null and p.deleted_at is null))) c (code, done)
where v.id = :id;

-- shipping_methods (vendor uuid, id uuid?): many
-- All methods, or one.
select m.id, m.name, m.price as "price.amount", m.currency as "price.currency",
       m.free_above as "free_above.amount", m.currency as "free_above.currency", m.handling_days,
       m.countries, m.active, m.created_at
from shipping_method m
where m.vendor_id = :vendor
[id: and m.id = :id]
order by m.position, m.price, m.id;

-- shipping_methods_lock (vendor uuid): one
-- Serializes adding methods, so that each count includes those added before.
select v.id from vendor v where v.id = :vendor for no key update;

-- shipping_methods_count (vendor uuid): one -> (count bigint)
select count(*) as count from shipping_method m where m.vendor_id = :vendor;

-- shipping_method_insert (vendor uuid, id uuid, name text, price bigint, currency text, free_above bigint?,
--     free_currency text?, handling_days int, countries text[]?, active bool): none
insert into shipping_method (vendor_id, id, name, price, currency, free_above, handling_days, countries, active)
values (:vendor, :id, :name, :price, marketplace_currency(:currency, '/price/currency'),
        case when marketplace_currency(:free_currency, '/free_above/currency') is not null
             then :free_above end, :handling_days, coalesce(:countries, '{}'), :active);

-- shipping_method_update (vendor uuid, id uuid, name text?, price bigint?, currency text?, free_given bool,
--     free_above bigint?, free_currency text?, handling_days int?, countries text[]?, active bool?): one
update shipping_method
set name = coalesce(:name, name), price = coalesce(:price, price),
    currency = case when marketplace_currency(:currency, '/price/currency') is not null then currency end,
    free_above = case when not :free_given then free_above
                      when marketplace_currency(:free_currency, '/free_above/currency') is not null
                      then :free_above end,
    handling_days = coalesce(:handling_days, handling_days), countries = coalesce(:countries, countries),
    active = coalesce(:active, active),
    version = version + 1
where vendor_id = :vendor and id = :id;

-- shipping_method_delete (vendor uuid, id uuid): one
delete from shipping_method where vendor_id = :vendor and id = :id returning id;

-- staff_page (vendor uuid, after_key time, after_id uuid, page_size int): many
select s.account_id as user_id, a.name, a.avatar, a.email, s.role, s.created_at, s.created_at as "_key",
       s.account_id as "_id"
from staff s
join account a on a.id = s.account_id
where s.vendor_id = :vendor and (s.created_at, s.account_id) > (:after_key, :after_id)
order by s.created_at, s.account_id
limit :page_size;

-- staff_owners_lock (vendor uuid): many -> (account_id uuid)
-- Serializes changes of a vendor's owners.
select s.account_id from staff s where s.vendor_id = :vendor and s.role = 'owner'
order by s.account_id for update;

-- staff_update (vendor uuid, account uuid, role text): one
with changed as (
	update staff set role = :role where vendor_id = :vendor and account_id = :account returning *
)
select s.account_id as user_id, a.name, a.avatar, a.email, s.role, s.created_at
from changed s join account a on a.id = s.account_id;

-- staff_by_email (vendor uuid, email_key text): maybe -> (account_id uuid)
select s.account_id from staff s join account a on a.id = s.account_id
where s.vendor_id = :vendor and a.email_key = :email_key;

-- staff_delete (vendor uuid, account uuid): one
delete from staff where vendor_id = :vendor and account_id = :account returning account_id;

-- invitations_page (vendor uuid, after_key time, after_id uuid, page_size int): many
-- Invitations that can still be accepted, newest first.
select i.id, i.email, i.role, i.expires_at, i.created_at, i.created_at as "_key"
from staff_invitation i
where i.vendor_id = :vendor and i.accepted_at is null and i.revoked_at is null and i.expires_at > now()
and (i.created_at, i.id) < (:after_key, :after_id)
order by i.created_at desc, i.id desc
limit :page_size;

-- invitations_replace (vendor uuid, email_key text): none
update staff_invitation set revoked_at = now()
where vendor_id = :vendor and email_key = :email_key and accepted_at is null and revoked_at is null;

-- invitations_revoke_of (vendor uuid, account uuid): none
-- Runs before the account leaves, because staff see only colleagues.
update staff_invitation set revoked_at = now()
where vendor_id = :vendor and email_key = (select a.email_key from account a where a.id = :account)
and accepted_at is null and revoked_at is null;

-- invitation_insert (vendor uuid, id uuid, email text, email_key text, role text, token text, token_hash bytea,
--     days int): one
-- The token is returned and not stored.
insert into staff_invitation (vendor_id, id, email, email_key, role, token_hash, invited_by, expires_at)
values (:vendor, :id, :email, :email_key, :role, :token_hash, current_account(),
        now() + make_interval(days => :days))
returning id, email, role, :token as token, expires_at, created_at;

-- invitation_facts (vendor uuid): maybe -> (facts text)
-- What the mail of an invitation inserts; nothing unless the vendor is approved, so that strangers send no mails.
select json_build_object('vendor', v.name)::text as facts from vendor v
where v.id = :vendor and v.state = 'approved';

-- invitation_revoke (vendor uuid, id uuid): one
update staff_invitation set revoked_at = now()
where vendor_id = :vendor and id = :id and accepted_at is null and revoked_at is null
returning id;
