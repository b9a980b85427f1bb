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
