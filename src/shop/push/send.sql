-- Sending push messages. docs/NOTIFICATIONS.md.

-- push_batch (asked rows(number int, notice uuid, device uuid)): many -> (number int, account_id uuid, device_id uuid,
--     destination text, provider text, platform text, address text, address_kind text, environment text,
--     p256dh bytea?, auth bytea?, shows_itself bool, locale text?, registered_ms bigint, kind text, class text,
--     link text, group_key text?, data json, facts text, expires_s bigint, badge int, known_as text,
--     quiet_ms bigint?)
-- Of these rows those that still concern somebody: the device is the account's and its session lives, the account is
-- not locked, the notice is wanted, nobody has read it, and the session may read it: one of staff with the second
-- factor that is demanded of them. quiet_ms: until the quiet hours end.
select r.number, n.account_id, d.id as device_id, push_destination(d.provider, d.environment, d.address) as destination,
       d.provider, d.platform, d.address, d.address_kind, d.environment, d.p256dh, d.auth, d.shows_itself, d.locale,
       (extract(epoch from d.registered_at) * 1000)::bigint as registered_ms, n.kind, n.class, n.link, n.group_key,
       n.data, f.facts::text as facts,
       extract(epoch from n.created_at + k.lifetime)::bigint as expires_s, b.count as badge,
       coalesce(a.email, a.name) as known_as,
       case when n.class <> 'system' then
           (extract(epoch from quiet_until(n.account_id, now()) - now()) * 1000)::bigint end as quiet_ms
from :asked as r
join notice n on n.id = r.notice
join push_wanted(:asked.notice) w on w.id = n.id
join notice_facts(:asked.notice) f on f.id = n.id
join notice_kinds() k on k.notice = n.kind
join device d on d.account_id = n.account_id and d.id = r.device
join session s on s.id = d.session_id
join account a on a.id = n.account_id
join push_badges(:asked.notice) b on b.account_id = n.account_id and b.session_id = d.session_id
left join notice_reader o on o.account_id = n.account_id
where s.ended_at is null and s.expires_at > now() and a.locked_at is null
and n.created_at + k.lifetime > now()
and (n.vendor_id is null or not staff_factor_is_missing(n.account_id, s.id))
and n.read_at is null and not (n.listed and n.id <= coalesce(o.read_up_to, '00000000-0000-0000-0000-000000000000'))
and (n.data ->> 'seq' is null or not message_is_had(n));

-- push_gone (gone rows(account_id uuid, device_id uuid, address text?, registered_ms bigint)): none
-- Nobody is at these addresses; not when the app has registered since. Without an address: at that of the time.
delete from device d using :gone as g
where d.account_id = g.account_id and d.id = g.device_id and (g.address is null or d.address = g.address)
and (extract(epoch from d.registered_at) * 1000)::bigint <= g.registered_ms;

-- push_moved (moved rows(account_id uuid, device_id uuid, address text, environment text)): none
update device d set environment = m.environment
from :moved as m
where d.account_id = m.account_id and d.id = m.device_id and d.address = m.address;

-- push_receipts_keep (kept rows(account_id uuid, device_id uuid, receipt text, registered_ms bigint)): none
-- To be asked for when Expo has them.
insert into outbox (topic, destination, subject_id, payload, due_at)
select 'push_receipts', 'expo', k.device_id,
       json_build_object('account_id', k.account_id, 'receipt', k.receipt, 'registered_ms', k.registered_ms),
       now() + interval '15 minutes'
from :kept as k;
