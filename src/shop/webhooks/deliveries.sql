-- Deliveries, as the owners of webhooks see them. Without a vendor they are the platform's.

-- webhook_known (vendor uuid?, id uuid): one
select w.id from webhook w
where w.id = :id
[vendor: and w.vendor_id = :vendor]
[!vendor: and w.vendor_id is null];

-- webhook_deliveries (webhook uuid, id uuid?, state text?, after_id uuid, page_size int): many
-- One, or a page of them, latest first.
select d.id, d.kind as type, d.event_at as timestamp, d.state, d.attempts, d.log, d.next_attempt_at, d.created_at,
       0::bigint as "_key"
from webhook_delivery d
where d.webhook_id = :webhook
[id: and d.id = :id]
[state: and d.state = :state]
[!id: and d.id < :after_id
order by d.id desc
limit :page_size];

-- webhook_test_insert (id uuid, webhook uuid): one
insert into webhook_delivery (id, webhook_id, vendor_id, kind, event_at)
select :id, w.id, w.vendor_id, 'webhook_test', now() from webhook w where w.id = :webhook;

-- webhook_delivery_lock (webhook uuid, id uuid): one -> (state text, enabled bool)
select d.state, w.enabled or d.owner_id is null as enabled
from webhook_delivery d
join webhook w on w.id = d.webhook_id
where d.webhook_id = :webhook and d.id = :id
for update of d;

-- webhook_delivery_again (id uuid): one
update webhook_delivery set state = 'pending', begun_at = now() where id = :id;

-- webhook_delivery_queue (id uuid): one
insert into outbox (topic, destination, subject_id)
select 'webhooks', webhook_destination(w.vendor_id, w.host), d.id
from webhook_delivery d
join webhook w on w.id = d.webhook_id
where d.id = :id;
