-- The second factor: who must have one, and the way back in for who lost it.
set local role sebez_kernel;

-- When an account must have a second factor, because the marketplace demands it of admins or staff; null: it need
-- not. The grace begins when the account first signs in without one, and not before the marketplace demands it.
create or replace function two_factor_due(account uuid) returns timestamptz
language sql stable security definer set search_path = public, pg_temp as $$
	select greatest(d.since, coalesce((select g.started_at from two_factor_grace g
	                                   where g.account_id = two_factor_due.account), now()))
	       + make_interval(days => d.two_factor_grace_days)
	from (
		select least(case when a.admin_role is not null then p.two_factor_admins_since end,
		             case when exists (select from staff s where s.account_id = a.id)
		                  then p.two_factor_staff_since end) as since, p.two_factor_grace_days
		from account a cross join platform p where a.id = two_factor_due.account
	) d
	where d.since is not null;
$$;
grant execute on function two_factor_due(uuid) to sebez_customer, sebez_auth;

create or replace function account_has_factor(account uuid) returns boolean
language sql stable security definer set search_path = public, pg_temp as $$
	select exists (select from totp t where t.account_id = account and t.confirmed_at is not null)
	       or exists (select from passkey p where p.account_id = account);
$$;

create or replace function two_factor_is_overdue(account uuid) returns boolean
language sql stable security definer set search_path = public, pg_temp as $$
	select not account_has_factor(account) and coalesce(two_factor_due(account) <= now(), false);
$$;

-- Whether the account has a second factor that this session has not shown, although the marketplace demands one: the
-- session is older than the demand.
create or replace function two_factor_is_unshown(account uuid, session_id uuid) returns boolean
language sql stable security definer set search_path = public, pg_temp as $$
	select account_has_factor(account) and two_factor_due(account) is not null
	       and not exists (select from session s where s.id = session_id and s.second_factor_at is not null);
$$;

-- Whether the envelope would refuse the account as staff in each session, since it has no second factor.
create or replace function staff_factor_is_overdue(account uuid) returns boolean
language sql stable security definer set search_path = public, pg_temp as $$
	select exists (select from platform p where p.two_factor_staff_since is not null)
	       and two_factor_is_overdue(account);
$$;
grant execute on function staff_factor_is_overdue(uuid) to sebez_jobs;

-- Whether the envelope would refuse the account as staff in this session, for want of a second factor.
create or replace function staff_factor_is_missing(account uuid, session_id uuid) returns boolean
language sql stable security definer set search_path = public, pg_temp as $$
	select exists (select from platform p where p.two_factor_staff_since is not null)
	       and (two_factor_is_overdue(account) or two_factor_is_unshown(account, session_id));
$$;
grant execute on function staff_factor_is_missing(uuid, uuid) to sebez_jobs;

-- Whether it would refuse the acting account.
create or replace function staff_factor_is_missing() returns boolean
language sql stable security definer set search_path = public, pg_temp as $$
	select staff_factor_is_missing(current_account(), current_session());
$$;
grant execute on function staff_factor_is_missing() to sebez_customer;

-- What proves anew who an account is (step_up.c).
create or replace function account_proofs(account uuid) returns json
language sql stable security definer set search_path = public, pg_temp as $$
	select array_to_json(
		case when exists (select from totp t where t.account_id = a.id and t.confirmed_at is not null)
		     then '{totp,recovery_code}'::text[]
		     when p.has and two_factor_due(a.id) is not null then '{}'
		     when a.password_hash is not null then '{password}'
		     when a.phone is not null then '{phone_code}'
		     when exists (select from identity i where i.account_id = a.id) then '{identity}' else '{}' end
		|| case when p.has then '{passkey}'::text[] else '{}' end)
	from account a
	cross join (select exists (select from passkey k where k.account_id = account_proofs.account)) as p (has)
	where a.id = account;
$$;

-- At each sign-in and refresh.
create or replace function two_factor_grace_start(account uuid) returns void
language sql security definer set search_path = public, pg_temp as $$
	insert into two_factor_grace (account_id)
	select account
	where two_factor_due(account) is not null
	and not account_has_factor(account)
	and not exists (select from two_factor_grace g where g.account_id = account)
	on conflict do nothing;
$$;
grant execute on function two_factor_grace_start(uuid) to sebez_auth;

-- A sign-in that waits for its second factor ends with what it began with.
create or replace function end_challenges() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
	delete from sign_in_challenge c where c.account_id = new.id;
	return null;
end $$;
grant execute on function end_challenges() to sebez_owner;

set local role sebez_owner; -- which writes the audit log

-- From the command line: takes an account's second factor and its passkeys away, and ends its sessions. Returns false
-- when there is no such account. No role that serves requests may call it.
create or replace function account_reset_factors(email_key text, phone text) returns boolean
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	found_id uuid;
	had boolean;
begin
	select a.id into found_id from account a
	where a.email_key = account_reset_factors.email_key or a.phone = account_reset_factors.phone
	for no key update;
	if not found then
		return false;
	end if;
	delete from totp t where t.account_id = found_id;
	had := found;
	delete from recovery_code r where r.account_id = found_id;
	delete from passkey p where p.account_id = found_id;
	had := had or found;
	delete from sign_in_challenge c where c.account_id = found_id;
	delete from two_factor_grace g where g.account_id = found_id; -- it begins anew
	update session s set ended_at = now() where s.account_id = found_id and s.ended_at is null;
	insert into audit_log (actor, action, object_kind, object_id, before, after)
	values ('operator', 'delete', 'second_factor', found_id, jsonb_build_object('totp', had), null);
	return true;
end $$;
grant execute on function account_reset_factors(text, text) to sebez_jobs;
