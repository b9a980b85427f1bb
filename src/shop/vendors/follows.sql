-- The vendors that customers follow.

-- follow_add (account uuid, vendor uuid): one
-- No row unless the vendor is approved.
with found as (
	select v.id from vendor v where v.id = :vendor and v.state = 'approved'
), added as (
	insert into vendor_follow (account_id, vendor_id) select :account, f.id from found f
	on conflict (account_id, vendor_id) do nothing
)
select f.id from found f;

-- follow_remove (account uuid, vendor uuid): one
-- A row when the vendor was followed, also one that is not public any more, or is approved.
with gone as (
	delete from vendor_follow where account_id = :account and vendor_id = :vendor returning vendor_id
)
select g.vendor_id as id from gone g
union
select v.id from vendor v where v.id = :vendor and v.state = 'approved';

-- follows_page (account uuid, vendor uuid?, after_key time, after_id uuid, page_size int): many
-- Newest first; vendors that are not public are left out.
select v.id as "vendor.id", v.name as "vendor.name", v.slug as "vendor.slug", v.logo_text as "vendor.logo_text",
       v.logo as "vendor.logo", f.since, f.since as "_key", f.vendor_id as "_id"
from vendor_follow f
join vendor v on v.id = f.vendor_id and v.state = 'approved'
where f.account_id = :account and (f.since, f.vendor_id) < (:after_key, :after_id)
[vendor: and f.vendor_id = :vendor]
order by f.since desc, f.vendor_id desc
limit :page_size;

-- followers_count (vendor uuid, most int): one
select count(*)::int as followers from (select from vendor_follow f where f.vendor_id = :vendor limit :most) x;
