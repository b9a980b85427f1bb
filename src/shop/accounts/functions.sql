-- Accounts: creating admins from the command line, and accepting invitations.
set local role sebez_kernel;

-- Creates an admin from the command line: a new account, or an existing one, whose password is replaced and
-- whose sessions end. No role that serves requests may call it.
create or replace function account_make_admin(id uuid, email text, email_key text, name text, role text,
                                              password_hash text) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
	made uuid;
begin
	insert into account as a (id, email, email_key, name, password_hash, admin_role, email_verified_at)
	values (account_make_admin.id, account_make_admin.email, account_make_admin.email_key,
	        account_make_admin.name, account_make_admin.password_hash, account_make_admin.role, now())
	on conflict (email_key) do update
	set admin_role = excluded.admin_role, password_hash = excluded.password_hash, version = a.version + 1,
	    updated_at = now(), password_changed_at = clock_timestamp()
	returning a.id into made;
	perform account_expect_stays(made);
	update session s set ended_at = now() where s.account_id = made and s.ended_at is null;
end $$;
grant execute on function account_make_admin(uuid, text, text, text, text, text) to sebez_jobs;

-- Makes the signed-in account staff by an invitation to its e-mail address. An invitation that is used,
-- revoked, expired or to another address is reported as not found.
create or replace function invitation_accept(token text) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	invitation staff_invitation;
begin
	select i.* into invitation from staff_invitation i
	join vendor v on v.id = i.vendor_id and v.state not in ('rejected', 'closed')
	where i.token_hash = sha256(convert_to(token, 'UTF8'))
	and i.email_key = (select a.email_key from account a where a.id = current_account())
	and i.accepted_at is null and i.revoked_at is null and i.expires_at > now()
	for update of i;
	if not found then
		raise exception 'Invitation not found' using errcode = 'SB404';
	end if;
	insert into staff (vendor_id, account_id, role)
	values (invitation.vendor_id, current_account(), invitation.role) on conflict do nothing;
	if not found then
		raise exception 'You are already a staff member of this vendor' using errcode = 'SB409';
	end if;
	update staff_invitation i set accepted_at = now()
	where i.vendor_id = invitation.vendor_id and i.id = invitation.id;
end $$;
grant execute on function invitation_accept(text) to sebez_customer;

-- Makes a code for a number, and has it sent. Returns 0, or after how many seconds it may be asked for again: a number
-- gets `lately` codes in ten minutes and `daily` in a day that nobody used, and all numbers of a calling code `hourly`
-- in an hour, because messages cost money and the numbers are what strangers type.
create or replace function phone_code_add(id uuid, phone text, calling_code text, language text, lasts_s int,
                                          lately int, daily int, hourly int) returns int
language plpgsql security definer set search_path = public, pg_temp as $$
#variable_conflict use_variable
declare
	wait interval;
begin
	-- One after the other, or requests at the same time would each see too few.
	perform pg_advisory_xact_lock(hashtextextended('phone_code ' || calling_code, 0));
	select greatest(
		(select c.created_at from phone_code c where c.phone = phone and c.used_at is null
		 order by c.created_at desc offset lately - 1 limit 1) + interval '10 minutes',
		(select c.created_at from phone_code c where c.phone = phone and c.used_at is null
		 order by c.created_at desc offset daily - 1 limit 1) + interval '1 day',
		(select c.created_at from phone_code c where c.calling_code = calling_code
		 order by c.created_at desc offset hourly - 1 limit 1) + interval '1 hour') - now() into wait;
	if wait > interval '0' then
		return ceil(extract(epoch from wait));
	end if;
	insert into phone_code (id, phone, calling_code, language, expires_at)
	values (id, phone, calling_code, language, now() + lasts_s * interval '1 second');
	-- A queue for each country, so that the failures of one provider delay no other's.
	insert into outbox (topic, destination, subject_id) values ('phone_code', calling_code, id);
	return 0;
end $$;
grant execute on function phone_code_add(uuid, text, text, text, int, int, int, int) to sebez_auth;
