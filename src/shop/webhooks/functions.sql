-- Webhooks. docs/WEBHOOKS.md.
set local role sebez_owner;

-- Each call is signed with all keys of the last 24 hours and the one before, so they are few.
create or replace function bound_webhook_secrets() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if (select count(*) from webhook_secret s
	    where s.webhook_id = new.webhook_id and s.created_at > now() - interval '24 hours') > 5 then
		raise exception 'A webhook gets at most 5 secrets in 24 hours' using errcode = 'SB409';
	end if;
	return null;
end $$;

-- The queue of a webhook: those of one owner at one host have one, so a host that is slow or down delays nothing else.
create or replace function webhook_destination(vendor uuid, host text) returns text
language sql immutable parallel safe as $$
	select coalesce(vendor::text, 'platform') || ' '
	       || case when octet_length(host) <= 150 then host else encode(sha256(convert_to(host, 'UTF8')), 'hex') end
$$;
grant execute on function webhook_destination(uuid, text) to sebez_jobs, sebez_vendor, sebez_admin;

-- Writes one delivery for each event of these transactions and each webhook that has it. The platform's get the events
-- of vendors from their feeds, and the others from those of customers.
create or replace function webhooks_write(after_tx bigint, up_to bigint) returns bigint
language plpgsql set plan_cache_mode = force_custom_plan as $$
declare
	ms bigint;
	written bigint;
begin
	if not exists (select from webhook w where w.enabled) then
		return 0;
	end if;
	ms := clock_ms('webhooks');
	with wanted as (
		select e.owner_id, e.number, e.kind, e.at, w.id as webhook_id, w.vendor_id, w.host
		from event e
		join webhook w on w.vendor_id = e.owner_id and w.enabled and e.kind = any (w.events) and e.at >= w.enabled_at
		where e.tx > after_tx and e.tx <= up_to
		union all
		select e.owner_id, e.number, e.kind, e.at, w.id, w.vendor_id, w.host
		from event e
		join webhook w on w.vendor_id is null and w.enabled and e.kind = any (w.events) and e.at >= w.enabled_at
		where e.tx > after_tx and e.tx <= up_to
		and (e.kind in (:VendorWebhookEvent)) = exists (select from vendor v where v.id = e.owner_id)
	), fresh as (
		insert into webhook_delivery (id, webhook_id, vendor_id, owner_id, number, kind, event_at)
		select notice_id(ms, row_number() over (order by x.at, x.owner_id, x.number, x.webhook_id)), x.webhook_id,
		       x.vendor_id, x.owner_id, x.number, x.kind, x.at
		from wanted x
		-- None of these is there, but after a backup was restored: see feed_follow.
		on conflict (webhook_id, owner_id, number) do nothing
		returning id, webhook_id
	), queued as (
		insert into outbox (topic, destination, subject_id)
		select 'webhooks', webhook_destination(w.vendor_id, w.host), f.id
		from fresh f join webhook w on w.id = f.webhook_id
		order by f.id
		returning 1
	)
	select count(*) into written from queued;
	return written;
end $$;
grant execute on function webhooks_write(bigint, bigint) to sebez_jobs;

-- Reads the next transactions with events, of about `most` events, and writes their deliveries; no row: there is
-- nothing to read.
create or replace function webhooks_follow(most int) returns table (deliveries bigint, more boolean)
language sql as $$
	select webhooks_write(f.after_tx, f.up_to_tx), f.more from feed_follow('webhooks', most) f
$$;
grant execute on function webhooks_follow(int) to sebez_jobs;

-- The keys that sign a call now, the newest first, in hexadecimal.
create or replace function webhook_keys(webhook uuid) returns text language sql stable as $$
	select string_agg(encode(s.secret, 'hex'), ' ' order by s.created_at desc) from (
		select x.secret, x.created_at, lead(x.created_at) over (order by x.created_at) as next_at
		from webhook_secret x where x.webhook_id = webhook) s
	where s.next_at is null or s.next_at > now() - interval '24 hours'
$$;
grant execute on function webhook_keys(uuid) to sebez_jobs;

-- The data of what is sent; null when the event is there no more.
create or replace function webhook_data(d webhook_delivery) returns json language plpgsql stable as $$
begin
	if d.owner_id is null then
		return json_build_object('webhook_id', d.webhook_id);
	end if;
	return (select e.payload from event e
	        where e.owner_id = d.owner_id and e.number = d.number and e.at = d.event_at);
end $$;
grant execute on function webhook_data(webhook_delivery) to sebez_jobs;

-- A webhook was disabled: its vendor is told by an event, and of the platform's the admins who run them by a mail.
create or replace function webhook_tell(w webhook) returns void language plpgsql as $$
begin
	if w.vendor_id is not null then
		perform feed_add_events(event_webhook_disabled(w.vendor_id, webhook_id => w.id, host => w.host,
		                                               reason => w.disabled_reason));
		return;
	end if;
	perform mail_admins('{operations}', 'webhook_disabled',
	                    json_build_object('host', w.host, 'disabled', w.disabled_reason), '/admin/webhooks/' || w.id);
end $$;
grant execute on function webhook_tell(webhook) to sebez_jobs;

-- What became of calls of these webhooks: one that answers is good, one that says that it is gone is disabled, and so
-- is one of which no call has succeeded for three days.
create or replace function webhooks_judge(good uuid[], bad uuid[], gone uuid[]) returns void language plpgsql as $$
declare
	disabled webhook;
begin
	update webhook w set failing_since = null where w.id = any (good) and w.failing_since is not null;
	update webhook w set failing_since = now()
	where w.id = any (bad) and w.id <> all (good) and w.failing_since is null;
	for disabled in
		update webhook w
		set enabled = false, disabled_reason = case when w.id = any (gone) then 'gone' else 'failing' end,
		    version = w.version + 1, updated_at = now()
		where w.enabled
		and (w.id = any (gone) or w.id = any (bad) and w.failing_since < now() - interval '3 days')
		returning w.*
	loop
		perform webhook_tell(disabled);
	end loop;
end $$;
grant execute on function webhooks_judge(uuid[], uuid[], uuid[]) to sebez_jobs;
