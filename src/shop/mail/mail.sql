-- Mails. docs/NOTIFICATIONS.md.

-- mail_batch (asked rows(number int, notice uuid)): many -> (number int, account_id uuid, name text, address text,
--     locale text?, time_zone text, kind text, class text, link text, facts text)
-- Of these rows those that still concern somebody: the account is not locked, its address gets mails, and the notice
-- is wanted.
select r.number, n.account_id, a.name, a.email as address,
       (select d.locale from device d where d.account_id = n.account_id and d.locale is not null
        order by d.registered_at desc limit 1) as locale,
       notice_time_zone(n.account_id) as time_zone, n.kind, mail_class(n.kind, n.class) as class, n.link,
       f.facts::text as facts
from :asked as r
join notice n on n.id = r.notice
join notice_facts(:asked.notice) f on f.id = n.id
join notice_kinds() k on k.notice = n.kind
join account a on a.id = n.account_id
where a.locked_at is null and n.created_at + k.lifetime > now()
and mail_is_wanted(n)
and not exists (select from mail_suppression s where s.address = a.email);

-- mail_suppress (refused rows(id uuid, address text, reason text, detail text)): none
insert into mail_suppression (id, address, reason, detail)
select x.id, x.address, x.reason, x.detail from :refused as x
on conflict (address) do nothing;

-- mail_unsubscribe (account uuid, class text): one writes
select mail_unsubscribe(:account, :class);

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
