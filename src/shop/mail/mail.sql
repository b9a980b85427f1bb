-- Mails. docs/NOTIFICATIONS.md.

-- record mail_asked (number int, subject uuid)

-- mail_batch (asked mail_asked[]): many -> (number int, account_id uuid, name text, address text, locale text?,
--     time_zone text, kind text, class text, link text, facts text)
-- Of these rows those that still concern somebody: the account is not locked, its address gets mails, and the notice
-- is wanted.
select r.number, n.account_id, a.name, w.address,
       (select d.locale from device d where d.account_id = n.account_id and d.locale is not null
        order by d.registered_at desc limit 1) as locale,
       notice_time_zone(n.account_id) as time_zone, n.kind, w.class, n.link, f.facts::text as facts
from :asked as r
join notice n on n.id = r.subject
join mail_wanted(:asked.subject) w on w.id = n.id
join notice_facts(:asked.subject) f on f.id = n.id
join notice_kinds() k on k.notice = n.kind
join account a on a.id = n.account_id
where a.locked_at is null and n.created_at + k.lifetime > now();

-- mail_digests_close (ids uuid[]): none
-- Those of these that are about to be sent take no more notices, also when they are sent later: a repetition says the
-- same.
update mail_digest d set is_open = false where d.id = any (:ids) and d.is_open;

-- mail_digests (asked mail_asked[], notices_max int): many -> (number int, account_id uuid, name text,
--     address text, locale text?, time_zone text, kind text, class text, link text, facts text)
-- Of these rows the notices of each digest, oldest first, of those the newest: under the same conditions, and only
-- unread ones.
with listed as materialized (
	select r.number, n.id
	from :asked as r
	join mail_digest g on g.id = r.subject
	left join notice_reader o on o.account_id = g.account_id
	cross join lateral (
		select n.id from mail_digest_notice m join notice n on n.id = m.notice_id
		where m.digest_id = g.id and n.read_at is null
		and not (n.listed and n.id <= coalesce(o.read_up_to, '00000000-0000-0000-0000-000000000000'))
		order by n.id desc limit :notices_max) n
)
select l.number, n.account_id, a.name, w.address,
       (select d.locale from device d where d.account_id = n.account_id and d.locale is not null
        order by d.registered_at desc limit 1) as locale,
       notice_time_zone(n.account_id) as time_zone, n.kind, w.class, n.link, f.facts::text as facts
from listed l
join notice n on n.id = l.id
join mail_wanted(array(select x.id from listed x)) w on w.id = n.id
join notice_facts(array(select x.id from listed x)) f on f.id = n.id
join account a on a.id = n.account_id
where a.locked_at is null
order by l.number, n.id;

-- mail_digests_done (ids uuid[]): none
delete from mail_digest d where d.id = any (:ids);

-- mail_digests_forget (rows_max int): one -> (count int)
-- Those whose row of the outbox has expired: the next notice begins another one.
with gone as (
	delete from mail_digest where id in (
		select d.id from mail_digest d where d.due_at < now() - interval '3 days' order by d.due_at limit :rows_max)
	returning 1
)
select count(*)::int as count from gone;

-- mail_letters (asked mail_asked[]): many -> (number int, account_id uuid?, name text?, address text, locale text?,
--     time_zone text, text_key text, link text?, facts text)
-- Of these rows the letters that areas wrote and that were not sent yet, under the same conditions.
select r.number, l.account_id, a.name, coalesce(a.email, l.address) as address,
       coalesce(l.locale, (select d.locale from device d where d.account_id = l.account_id and d.locale is not null
                           order by d.registered_at desc limit 1)) as locale,
       notice_time_zone(l.account_id) as time_zone, l.text_key, l.link, l.facts::text as facts
from :asked as r
join mail_letter l on l.id = r.subject
left join account a on a.id = l.account_id
where l.sent_at is null and a.locked_at is null and coalesce(l.expires_at > now(), true)
and not exists (select from email_code c where c.id = l.id and c.used_at is not null)
and coalesce(a.email, l.address) is not null
and not exists (select from mail_suppression s where s.address = coalesce(a.email, l.address));

-- mail_letters_end (ids uuid[]): none
-- Those that were sent, and those that nobody gets any more: what they tell goes, such as codes.
update mail_letter l set facts = '{}', link = null, sent_at = now() where l.id = any (:ids) and l.sent_at is null;

-- mail_letters_forget (rows_max int): one -> (count int)
with gone as (
	delete from mail_letter where id in (
		select l.id from mail_letter l where l.created_at < now() - interval '7 days'
		order by l.created_at limit :rows_max)
	returning 1
)
select count(*)::int as count from gone;

-- mail_write (id uuid, account uuid?, address text?, text_key text, facts json, link text?, locale text?,
--     lasts_s int?): one writes
select mail_write(:id, :account, :address, :text_key, cast(:facts as json), :link, :locale, :lasts_s);

-- mail_suppress (refused rows(id uuid, address text, reason text, detail text)): none
insert into mail_suppression (id, address, reason, detail)
select x.id, x.address, x.reason, x.detail from :refused as x
on conflict (address) do nothing;

-- mail_suppress_told (addresses text[], reason text, detail text): one writes
select mail_suppress(:addresses, :reason, :detail);

-- mail_address_of (account uuid?, letter uuid?): maybe -> (address text)
-- Whom a mail that comes back was sent to; the account's address may be another one by now.
select a.email as address from account a where a.id = :account and a.email is not null
union all
select l.address from mail_letter l where l.id = :letter and l.address is not null;

-- mail_unsubscribe (account uuid, unwanted text[]): one writes
select mail_unsubscribe(:account, :unwanted);

-- mail_suppressions (address text?, after_key time, after_id uuid, page_size int): many
-- Latest first.
select s.id, s.address, s.reason, s.detail, s.created_at, s.created_at as "_key"
from mail_suppression s
where (s.created_at, s.id) < (:after_key, :after_id)
[address: and s.address = :address]
order by s.created_at desc, s.id desc
limit :page_size;

-- mail_suppression_remove (id uuid): one
delete from mail_suppression s where s.id = :id;
