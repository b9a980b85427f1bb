-- Delivering to webhooks. docs/WEBHOOKS.md.

-- webhooks_follow (most int): maybe writes -> (deliveries bigint, more bool)
select f.deliveries, f.more from webhooks_follow(:most) f;

-- webhook_batch (ids uuid[]): many -> (id uuid, webhook_id uuid, enabled bool, destination text, url text, keys text,
--     kind text, event_at time, vendor_id uuid?, data json?)
-- Of these deliveries those that are pending and whose webhook is there. vendor_id: whom the event is about.
-- A test is sent whether the webhook is enabled or not.
select d.id, d.webhook_id, w.enabled or d.owner_id is null as enabled,
       webhook_destination(w.vendor_id, w.host) as destination, w.url,
       webhook_keys(w.id) as keys, d.kind, d.event_at,
       (select v.id from vendor v where v.id = coalesce(d.vendor_id, d.owner_id)) as vendor_id, webhook_data(d) as data
from webhook_delivery d
join webhook w on w.id = d.webhook_id
where d.id = any (:ids) and d.state = 'pending';

-- webhook_attempted (attempts rows(id uuid, at time, status int?, duration_ms int, error text?, state text,
--     delay_ms bigint?)): none
-- The latest attempts are kept.
update webhook_delivery d
set state = a.state, attempts = d.attempts + 1, next_attempt_at = now() + a.delay_ms * interval '1 millisecond',
    log = case when jsonb_array_length(d.log) < 30 then d.log else d.log - 0 end
          || jsonb_build_array(jsonb_build_object('at', json_time(a.at), 'status', a.status,
                                                  'duration_ms', a.duration_ms, 'error', a.error))
from :attempts as a
where d.id = a.id and d.state = 'pending';

-- webhook_dropped (ids uuid[]): none
-- Not to be sent any more.
update webhook_delivery d set state = 'failed', next_attempt_at = null
where d.id = any (:ids) and d.state = 'pending';

-- webhooks_judge (good uuid[], bad uuid[], gone uuid[]): one writes
select webhooks_judge(:good, :bad, :gone);

-- webhook_deliveries_end (rows_max int): one slow -> (count int)
-- Those that nothing will deliver: of a webhook that is disabled or removed, or after more days than attempts are made.
with ended as (
	select d.id from webhook_delivery d
	where d.state = 'pending' and (
		d.begun_at < now() - interval '5 days'
		or not exists (select from webhook w where w.id = d.webhook_id and (w.enabled or d.owner_id is null)))
	order by d.begun_at limit :rows_max for update skip locked
), changed as (
	update webhook_delivery d set state = 'failed', next_attempt_at = null from ended e where d.id = e.id
	returning 1
)
select count(*)::int as count from changed;

-- webhook_deliveries_forget (rows_max int): one -> (count int)
with gone as (
	delete from webhook_delivery where id in (
		select d.id from webhook_delivery d where d.created_at < now() - interval '30 days'
		order by d.created_at limit :rows_max for update skip locked)
	returning 1
)
select count(*)::int as count from gone;

-- webhook_secrets_forget (rows_max int): one -> (count int)
-- Those that sign no more.
with gone as (
	delete from webhook_secret where ctid = any (array(
		select s.ctid from webhook_secret s
		where s.created_at < now() - interval '24 hours'
		and exists (select from webhook_secret n where n.webhook_id = s.webhook_id and n.created_at > s.created_at
		            and n.created_at < now() - interval '24 hours')
		limit :rows_max))
	returning 1
)
select count(*)::int as count from gone;
