-- From notices to mails. docs/NOTIFICATIONS.md.
set local role sebez_owner;

-- Receipts are wanted whatever the account wants to be told of orders.
create or replace function mail_class(kind text, class text) returns text language sql immutable parallel safe as $$
	select case when kind = 'order_placed' then 'receipts' else class end
$$;
grant execute on function mail_class(text, text) to sebez_jobs;

-- Of these notices those of which their accounts are to be told by mail: their addresses get mails.
create or replace function mail_wanted(ids uuid[])
returns table (id uuid, account_id uuid, address text, kind text, class text, email_digest text)
language sql stable as $$
	select w.id, w.account_id, a.email, w.kind, mail_class(w.kind, w.class), w.email_digest
	from notices_wanted(ids, 'email') w
	join account a on a.id = w.account_id
	where a.email is not null and not exists (select from mail_suppression s where s.address = a.email)
$$;
grant execute on function mail_wanted(uuid[]) to sebez_jobs;

-- When the digest is sent that an account's notices of this time are in: at the next hour, or at 8:00 where it lives.
create or replace function mail_digest_due(account uuid, digest text, at timestamptz) returns timestamptz
language plpgsql stable as $$
declare
	zone text;
	wanted timestamp;
begin
	if digest = 'hourly' then
		return date_trunc('hour', at) + interval '1 hour';
	end if;
	zone := notice_time_zone(account);
	wanted := (at at time zone zone)::date + time '08:00';
	if wanted <= at at time zone zone then
		wanted := wanted + interval '1 day';
	end if;
	return instant_of(at, wanted, zone);
end $$;
grant execute on function mail_digest_due(uuid, text, timestamptz) to sebez_jobs;

-- One row of the outbox for each of these notices that is mailed at once, and one for each digest that begins with
-- them. Promotions have a queue of their own, as they are many at once. Receipts and what is of the system wait for no
-- digest.
create or replace function mail_expand(ids uuid[]) returns void language plpgsql as $$
begin
	with mailed as materialized (
		select w.id, w.account_id, w.class,
		       case when w.class in ('receipts', 'system') then 'at_once' else w.email_digest end as digest
		from mail_wanted(ids) w
		join notice_kinds() k on k.notice = w.kind and 'email' = any (k.channels)
	), at_once as (
		insert into outbox (topic, destination, subject_id)
		select 'mail', case when m.class = 'promotions' then 'promotions' else '' end, m.id
		from mailed m where m.digest = 'at_once'
	), opened as (
		insert into mail_digest as d (id, account_id, due_at)
		select gen_random_uuid(), m.account_id, mail_digest_due(m.account_id, m.digest, now())
		from (select distinct x.account_id, x.digest from mailed x where x.digest <> 'at_once'
		      order by x.account_id) m
		-- Locks the open one, so that it is not closed before the notices are in it.
		on conflict (account_id) where is_open do update set due_at = d.due_at
		returning d.id, d.account_id, d.due_at, d.xmax = 0 as is_new
	), listed as (
		insert into mail_digest_notice (digest_id, notice_id)
		select o.id, m.id from opened o join mailed m on m.account_id = o.account_id and m.digest <> 'at_once'
	)
	insert into outbox (topic, subject_id, due_at)
	select 'mail', o.id, o.due_at from opened o where o.is_new;
end $$;
grant execute on function mail_expand(uuid[]) to sebez_jobs;

set local role sebez_kernel;

-- Whoever has a link of a mail needs no session: the handler has verified its signature.
create or replace function mail_unsubscribe(account uuid, unwanted text[]) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
	insert into notification_preference as p (account_id, unwanted, email_digest)
	select a.id, array(select distinct u from unnest(notice_unwanted(a.id) || mail_unsubscribe.unwanted) u order by u),
	       'at_once'
	from account a where a.id = account
	on conflict (account_id) do update
	set unwanted = array(select distinct u from unnest(p.unwanted || mail_unsubscribe.unwanted) u order by u),
	    updated_at = now();
end $$;
grant execute on function mail_unsubscribe(uuid, text[]) to sebez_public;

-- A mail that follows from this transaction, of whatever role: to the account, or to the address.
create or replace function mail_write(id uuid, account uuid, address text, text_key text, facts json, link text,
	locale text, lasts_s int) returns void language plpgsql security definer set search_path = public, pg_temp as $$
begin
	insert into mail_letter (id, account_id, address, text_key, facts, link, locale, expires_at)
	values (mail_write.id, account, mail_write.address, mail_write.text_key, mail_write.facts, mail_write.link,
	        mail_write.locale, now() + lasts_s * interval '1 second')
	on conflict on constraint mail_letter_pkey do nothing;
	if found then
		insert into outbox (topic, subject_id) values ('mail', mail_write.id);
	end if;
end $$;
grant execute on function mail_write(uuid, uuid, text, text, json, text, text, int) to sebez_auth,
	sebez_customer, sebez_vendor,
	sebez_admin, sebez_jobs;

-- A mail to the admins of these roles, and to superadmins.
create or replace function mail_admins(roles text[], text_key text, facts json, link text) returns void
language sql security definer set search_path = public, pg_temp as $$
	select mail_write(gen_random_uuid(), a.id, null, text_key, facts, link, null, null)
	from account a where a.admin_role = any (roles || 'superadmin'::text) and a.locked_at is null
$$;
grant execute on function mail_admins(text[], text, json, text) to sebez_jobs, sebez_kernel;

-- What a mail provider tells: the handler has verified who it is.
create or replace function mail_suppress(addresses text[], reason text, detail text) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
	insert into mail_suppression (id, address, reason, detail)
	select gen_random_uuid(), a, mail_suppress.reason, mail_suppress.detail
	from (select distinct unnest(addresses) as a) x
	on conflict (address) do nothing;
end $$;
grant execute on function mail_suppress(text[], text, text) to sebez_public;
