-- check: a delivery that is pending waits in the outbox
select d.id, d.webhook_id, d.attempts, d.begun_at from webhook_delivery d
join webhook w on w.id = d.webhook_id and w.enabled
where d.state = 'pending' and d.begun_at > now() - interval '3 days'
and not exists (select from outbox o where o.topic = 'webhooks' and o.subject_id = d.id);

-- check: a webhook has a secret
select w.id from webhook w
where not exists (select from webhook_secret s where s.webhook_id = w.id);
