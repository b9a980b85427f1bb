-- Sending what moves Live Activities. docs/NOTIFICATIONS.md.

-- activity_batch (asked rows(number int, account uuid, device uuid, sub_order uuid,
--     notice uuid?)): many -> (number int, destination text, token text, environment text, locale text?,
--     registered_ms bigint, state json, attributes json, is_over bool, dismissal_s bigint, stale_s bigint, kind text?,
--     facts text?, quiet_ms bigint?, known_as text)
-- Of these rows those that still concern somebody: the device is the account's and its session lives, the account is
-- not locked. With a notice, which is still wanted, an activity is to be started, which was not sent yet; else it has a
-- token.
select r.number, push_destination(d.provider, d.environment, d.address) as destination,
       case when r.notice is null then a.token else d.start_token end as token, d.environment, d.locale,
       (extract(epoch from case when r.notice is null then a.registered_at else d.registered_at end) * 1000)::bigint
           as registered_ms,
       sub_order_state(s) as state,
       json_build_object('sub_order_id', s.id, 'order_id', s.order_id, 'number', s.number, 'vendor', v.name,
                         'link', '/orders/' || s.order_id) as attributes,
       o.is_over, extract(epoch from now() + interval '1 hour')::bigint as dismissal_s,
       extract(epoch from now() + activity_life())::bigint as stale_s, w.kind, f.facts::text as facts,
       case when r.notice is not null then
           (extract(epoch from quiet_until(r.account, now()) - now()) * 1000)::bigint end as quiet_ms,
       coalesce(c.email, c.name) as known_as
from :asked as r
join device d on d.account_id = r.account and d.id = r.device
join session x on x.id = d.session_id and x.ended_at is null and x.expires_at > now()
join account c on c.id = r.account and c.locked_at is null
join live_activity a on a.account_id = r.account and a.device_id = r.device and a.sub_order_id = r.sub_order
join sub_order s on s.id = r.sub_order
join vendor v on v.id = s.vendor_id
cross join lateral (select s.state in ('delivered', 'completed', 'cancelled') as is_over) o
left join push_wanted(:asked.notice) w on w.id = r.notice
left join notice_facts(:asked.notice) f on f.id = r.notice
where case when r.notice is null then a.token is not null
           else a.token is null and a.start_sent_at is null and d.start_token is not null and not o.is_over
                and w.id is not null end;

-- activities_starting (starts rows(number int, account uuid, device uuid, sub_order uuid)): many -> (number int)
-- Notes that APNs is about to get these starts; not those that another process has noted since.
update live_activity a set start_sent_at = now()
from :starts as s
where a.account_id = s.account and a.device_id = s.device and a.sub_order_id = s.sub_order
and a.token is null and a.start_sent_at is null
returning s.number;

-- activities_not_started (starts rows(account uuid, device uuid, sub_order uuid)): none
-- APNs did not take these: another attempt may start them.
update live_activity a set start_sent_at = null
from :starts as s
where a.account_id = s.account and a.device_id = s.device and a.sub_order_id = s.sub_order;

-- activities_over (over rows(account uuid, device uuid, sub_order uuid, token text)): none
-- Nobody can reach these any more, since they have ended.
delete from live_activity a using :over as o
where a.account_id = o.account and a.device_id = o.device and a.sub_order_id = o.sub_order and a.token = o.token;

-- activities_gone (gone rows(account uuid, device uuid, sub_order uuid, token text, registered_ms bigint)): none
-- There are no activities with these tokens; not when the app has registered since.
update live_activity a set token = null, registered_at = now()
from :gone as g
where a.account_id = g.account and a.device_id = g.device and a.sub_order_id = g.sub_order and a.token = g.token
and (extract(epoch from a.registered_at) * 1000)::bigint <= g.registered_ms;

-- start_tokens_gone (gone rows(account uuid, device uuid, token text, registered_ms bigint)): none
-- Nothing can be started with these tokens; not when the app has registered since.
update device d set start_token = null
from :gone as g
where d.account_id = g.account and d.id = g.device and d.start_token = g.token
and (extract(epoch from d.registered_at) * 1000)::bigint <= g.registered_ms;
