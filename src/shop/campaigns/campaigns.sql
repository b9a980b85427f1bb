-- Campaigns, as those who run them see them; and what their recipients do. staff: the caller is a vendor's.

-- campaigns_page (staff bool, vendor uuid?, status text?, after_id uuid, page_size int): many
-- Newest first.
select c.id, c.vendor_id, c.name, c.state as status, c.reason, c.sent_a + c.sent_b as sent,
       campaign_allowed(c, :staff) as allowed_transitions, c.created_at, c.updated_at, 0::bigint as "_key"
from campaign c
where c.id < :after_id
[vendor: and c.vendor_id = :vendor]
[status: and c.state = :status]
order by c.id desc
limit :page_size;

-- campaign_get (staff bool, vendor uuid?, id uuid): one
select c.id, c.vendor_id, c.name, c.state as status, c.reason,
       json_build_object(
	       'follows_vendor_id', c.follows_vendor_id, 'bought_from_vendor_id', c.bought_from_vendor_id,
	       'bought_in_category_id', c.bought_in_category_id, 'bought_within_days', c.bought_within_days,
	       'last_order_within_days', c.last_order_within_days, 'last_order_before_days', c.last_order_before_days,
	       'languages', c.languages) as segment,
       c.texts, c.texts_b, c.share_b, c.link_to as "link.to", c.link_id as "link.target_id", c.per_minute, c.send_at,
       to_char(c.local_at, 'YYYY-MM-DD"T"HH24:MI') as local_at, c.sent_a + c.sent_b as sent, c.capped,
       campaign_counts(c) as counts, campaign_allowed(c, :staff) as allowed_transitions, c.started_at, c.finished_at,
       c.version, c.created_at, c.updated_at, c.version as "_version"
from campaign c
where c.id = :id
[vendor: and c.vendor_id = :vendor];

-- campaign_known (link_to text, link_id uuid, follows uuid?, bought_from uuid?, category uuid?): one -> (link bool,
--     follows bool, bought_from bool, category bool)
-- Whether these are there for the caller.
select case :link_to
       when 'product' then exists (select from product p where p.id = :link_id and p.deleted_at is null)
       when 'vendor' then exists (select from vendor v where v.id = :link_id)
       else exists (select from category g where g.id = :link_id) end as link,
       cast(:follows as uuid) is null or exists (select from vendor v where v.id = :follows) as follows,
       cast(:bought_from as uuid) is null or exists (select from vendor v where v.id = :bought_from) as bought_from,
       cast(:category as uuid) is null or exists (select from category g where g.id = :category) as category;

-- campaigns_lock (vendor uuid): one
-- Serializes adding campaigns, so that each count includes those added before.
select v.id from vendor v where v.id = :vendor for no key update;

-- campaigns_lock_marketplace (): one
select p.id from platform p for no key update;

-- campaigns_open (vendor uuid?): one -> (count bigint)
select count(*) as count from campaign c
where c.state in ('draft', 'submitted', 'approved', 'refused', 'scheduled', 'sending')
[vendor: and c.vendor_id = :vendor]
[!vendor: and c.vendor_id is null];

-- record campaign_draft (id uuid, vendor uuid?, name text, follows uuid?, bought_from uuid?, category uuid?,
--     bought_within int?, last_within int?, last_before int?, language text, texts json, texts_b json?, share_b int,
--     link_to text, link_id uuid, per_minute int)

-- campaign_insert (drafts campaign_draft[], languages text[]): none
insert into campaign (id, vendor_id, name, follows_vendor_id, bought_from_vendor_id, bought_in_category_id,
                      bought_within_days, last_order_within_days, last_order_before_days, languages, language, texts,
                      texts_b, share_b, link_to, link_id, per_minute)
select d.id, d.vendor, d.name, d.follows, d.bought_from, d.category, d.bought_within, d.last_within, d.last_before,
       nullif(cast(:languages as text[]), '{}'), d.language, d.texts, d.texts_b, d.share_b, d.link_to, d.link_id,
       d.per_minute
from :drafts as d;

-- campaign_put (drafts campaign_draft[], languages text[]): none
update campaign c
set name = d.name, follows_vendor_id = d.follows, bought_from_vendor_id = d.bought_from,
    bought_in_category_id = d.category, bought_within_days = d.bought_within, last_order_within_days = d.last_within,
    last_order_before_days = d.last_before, languages = nullif(cast(:languages as text[]), '{}'),
    language = d.language, texts = d.texts, texts_b = d.texts_b, share_b = d.share_b, link_to = d.link_to,
    link_id = d.link_id, per_minute = d.per_minute, state = 'draft', reason = null, version = c.version + 1,
    updated_at = now()
from :drafts as d
where c.id = d.id;

-- campaign_lock (staff bool, vendor uuid?, id uuid, to_state text): one -> (state text, version int,
--     is_allowed bool, allowed json)
select c.state, c.version, campaign_may(c, :staff, :to_state) as is_allowed,
       to_json(campaign_allowed(c, :staff)) as allowed
from campaign c
where c.id = :id
[vendor: and c.vendor_id = :vendor]
for update;

-- campaign_move (id uuid, to_state text, reason text?): one -> (vendor uuid?, name text)
update campaign
set state = :to_state, reason = :reason, finished_at = case when :to_state = 'stopped' then now() end,
    version = version + 1, updated_at = now()
where id = :id
returning vendor_id as vendor, name;

-- campaign_schedule (id uuid, send_at time?, local_at time?): one
-- The first clocks show a local time 14 hours before those of UTC.
update campaign
set state = 'scheduled', reason = null, send_at = coalesce(:send_at, case when :local_at is null then now() end),
    local_at = cast(:local_at as timestamptz) at time zone 'UTC',
    next_at = coalesce(:send_at, cast(:local_at as timestamptz) - interval '14 hours', now()),
    version = version + 1, updated_at = now()
where id = :id;

-- campaign_remove (id uuid): one
delete from campaign where id = :id;

-- campaign_preview (id uuid, most int): one slow -> (count int, exact bool)
select count(*) filter (where k.meant)::int as count, count(*) < :most as exact
from campaign c
cross join lateral campaign_candidates(c, '00000000-0000-0000-0000-000000000000', :most) k
where c.id = :id;

-- campaign_test_ask (vendor uuid?, id uuid): one
with found as (
	select c.id, c.vendor_id from campaign c where c.id = :id [vendor: and c.vendor_id = :vendor]
), asked as (
	insert into campaign_test (campaign_id, account_id, vendor_id)
	select f.id, current_account(), f.vendor_id from found f
	on conflict do nothing
)
select f.id from found f;

-- promotions_wanted (account uuid): one
select notice_wanted(:account, 'promotions', 'in_app') as in_app,
       notice_wanted(:account, 'promotions', 'push')
       and exists (select from device d where d.account_id = :account) as push,
       notice_wanted(:account, 'promotions', 'email') as email;

-- campaigns_step (most int): one writes -> (more bool)
select campaigns_step(:most) as more;

-- campaigns_test (most int): one writes -> (count int)
select campaigns_test(:most) as count;

-- campaigns_close (): none
-- Keeps the counts of those that ended long ago, so that their recipients can be forgotten.
update campaign c set counts = campaign_counts(c)
where c.id in (select x.id from campaign x
               where x.state in ('sent', 'stopped') and x.counts is null and x.finished_at < now() - interval '90 days'
               order by x.id limit 100);

-- campaign_recipients_forget (most int): one -> (count int)
with gone as (
	delete from campaign_recipient r where (r.campaign_id, r.account_id) in (
		select x.campaign_id, x.account_id from campaign c
		join campaign_recipient x on x.campaign_id = c.id
		where c.state in ('sent', 'stopped') and c.counts is not null
		limit :most)
	returning 1
)
select count(*)::int as count from gone;

-- campaign_delivered (notices uuid[]): none
-- A provider took these for a device.
update campaign_recipient r set delivered_at = now()
from notice n
where n.id = any (:notices) and n.kind = 'promotion' and r.campaign_id = n.owner_id and r.account_id = n.account_id
and r.notice_id = n.id and r.delivered_at is null;

-- campaign_opened (account uuid, notices uuid[]?, up_to uuid?, clicked bool): none
update campaign_recipient r
set opened_at = coalesce(r.opened_at, now()), delivered_at = coalesce(r.delivered_at, now())
    [clicked: , clicked_at = coalesce(r.clicked_at, now())]
where r.account_id = :account
[notices: and r.notice_id = any (:notices)]
[up_to: and r.notice_id <= :up_to]
[clicked: and r.clicked_at is null]
[!clicked: and r.opened_at is null];
