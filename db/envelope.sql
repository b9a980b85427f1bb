-- The envelope: the first statement of every transaction of an actor. Requires a live session, an account that
-- is not locked, and a role that allows the operation; then sets the actor for row level security. The settings
-- are local to the transaction.
-- Every request runs it up to twice. Assigning a single expression costs PL/pgSQL one microsecond,
-- PERFORM five, so the results of set_config are assigned to `ignored`.
set local role sebez_kernel;

-- Called by the functions below, which have the rights and the search path.
create or replace function act_as_session(account_id uuid, session_id uuid) returns void
language plpgsql as $$
declare
	locked timestamptz;
	ignored text;
begin
	select a.locked_at into locked
	from session s join account a on a.id = s.account_id
	where s.id = act_as_session.session_id and s.account_id = act_as_session.account_id
	and s.ended_at is null and s.expires_at > now();
	if not found then
		raise exception 'The session has ended' using errcode = 'SB401';
	end if;
	if locked is not null then
		raise exception 'This account is locked' using errcode = 'SB423';
	end if;
	ignored := set_config('sebez.account', act_as_session.account_id::text, true);
	ignored := set_config('sebez.session', act_as_session.session_id::text, true);
end $$;

create or replace function act_as_customer(account_id uuid, session_id uuid, request_id text) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	ignored text;
begin
	ignored := act_as_session(account_id, session_id);
	ignored := set_config('sebez.scope', 'customer:' || account_id, true);
	ignored := set_config('sebez.request', request_id, true);
	ignored := set_config('sebez.actor', 'customer', true);
end $$;
grant execute on function act_as_customer(uuid, uuid, text) to sebez_customer;

-- Policies compare the token's hash, not the token.
create or replace function act_as_guest(token text, request_id text) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	-- No token yet: matches no row, instead of the rows of all guests without a token.
	hash text := case when token <> '' then encode(sha256(convert_to(token, 'UTF8')), 'hex') else '' end;
	ignored text;
begin
	ignored := set_config('sebez.guest', hash, true);
	ignored := set_config('sebez.scope', case when hash <> '' then 'guest:' || hash else '' end, true);
	ignored := set_config('sebez.request', request_id, true);
	ignored := set_config('sebez.actor', 'guest', true);
end $$;
grant execute on function act_as_guest(text, text) to sebez_customer;

-- Who acts for a vendor or the platform must have a second factor when the marketplace demands it, and have shown it in
-- this session.
create or replace function require_second_factor(account_id uuid, session_id uuid) returns void
language plpgsql as $$
begin
	if two_factor_is_overdue(account_id) then
		raise exception 'The marketplace demands a second factor of this account: set up an authenticator app'
			using errcode = 'SBF01';
	end if;
	if two_factor_is_unshown(account_id, session_id) then
		raise exception 'The marketplace demands a second factor: show yours to this session (POST /v1/auth/step-up)'
			using errcode = 'SBR01', detail = account_proofs(account_id);
	end if;
end $$;

-- Vendors that the account does not work for are not found.
create or replace function act_as_staff(account_id uuid, session_id uuid, vendor_id uuid, roles int,
                                        request_id text)
returns void language plpgsql security definer set search_path = public, pg_temp as $$
declare
	role text;
	since timestamptz;
	ignored text;
begin
	ignored := act_as_session(account_id, session_id);
	select s.role, p.two_factor_staff_since into role, since from staff s cross join platform p
	where s.vendor_id = act_as_staff.vendor_id and s.account_id = act_as_staff.account_id;
	if not found then
		raise exception 'Vendor not found' using errcode = 'SB404';
	end if;
	if staff_role_bit(role) & roles = 0 then
		raise exception 'Your role (%) does not allow this', role using errcode = 'SB403';
	end if;
	if since is not null then
		ignored := require_second_factor(account_id, session_id);
	end if;
	ignored := set_config('sebez.vendor', vendor_id::text, true);
	ignored := set_config('sebez.role', role, true);
	ignored := set_config('sebez.scope', 'staff:' || vendor_id || ':' || account_id, true);
	ignored := set_config('sebez.request', request_id, true);
	ignored := set_config('sebez.actor', 'staff', true);
end $$;
grant execute on function act_as_staff(uuid, uuid, uuid, int, text) to sebez_vendor;

-- What each transaction of an admin needs: a role, a network that admins act from, and the second factor that is
-- demanded. address: the client's. One that is none, of the demo, is in no network.
create or replace function require_admin(account_id uuid, session_id uuid, roles int, address text) returns void
language plpgsql as $$
declare
	role text;
	since timestamptz;
	networks cidr[];
	ignored text;
begin
	select a.admin_role, p.two_factor_admins_since, p.admin_networks into role, since, networks
	from account a cross join platform p where a.id = require_admin.account_id;
	if role is null or admin_role_bit(role) & roles = 0 then
		raise exception 'Your role does not allow this' using errcode = 'SB403';
	end if;
	if networks <> '{}' and not coalesce(nullif(split_part(address, '%', 1), '')::inet <<= any (networks), false) then
		raise exception 'Admins act from the networks of the settings only (admin_networks); this is another'
			using errcode = 'SBA01';
	end if;
	if since is not null then
		ignored := require_second_factor(account_id, session_id);
	end if;
end $$;

create or replace function act_as_admin(account_id uuid, session_id uuid, roles int, address text, request_id text)
returns void language plpgsql security definer set search_path = public, pg_temp as $$
declare
	ignored text;
begin
	ignored := act_as_session(account_id, session_id);
	ignored := require_admin(account_id, session_id, roles, address);
	ignored := set_config('sebez.scope', 'admin:' || account_id, true);
	ignored := set_config('sebez.request', request_id, true);
	ignored := set_config('sebez.actor', 'admin', true);
end $$;
grant execute on function act_as_admin(uuid, uuid, int, text, text) to sebez_admin;

-- An admin who sees what this vendor's staff see, or else this customer. PostgreSQL itself refuses to write: a
-- transaction that is read-only and has read cannot be made another one.
create or replace function act_as_view(view_id uuid, account_id uuid, vendor_id uuid, address text, request_id text)
returns void language plpgsql security definer set search_path = public, pg_temp as $$
declare
	seen record;
	ignored text;
begin
	select w.admin_id, w.session_id, w.account_id, w.vendor_id into seen from support_view w
	where w.id = view_id and w.ended_at is null and w.expires_at > now();
	if not found then
		raise exception 'The support view has ended' using errcode = 'SB401';
	end if;
	ignored := act_as_session(seen.admin_id, seen.session_id);
	ignored := require_admin(seen.admin_id, seen.session_id,
		admin_role_bit('superadmin') | admin_role_bit('operations') | admin_role_bit('support'), address);
	if (case when vendor_id is not null then seen.vendor_id is distinct from act_as_view.vendor_id
	        else seen.account_id is distinct from act_as_view.account_id end) then
		raise exception 'This is not part of the support view' using errcode = 'SB404';
	end if;
	ignored := set_config('transaction_read_only', 'on', true);
	ignored := set_config('sebez.account', coalesce(seen.account_id, seen.admin_id)::text, true);
	ignored := set_config('sebez.vendor', coalesce(seen.vendor_id::text, ''), true);
	ignored := set_config('sebez.role', case when seen.vendor_id is not null then 'owner' else '' end, true);
	ignored := set_config('sebez.scope', 'view:' || view_id, true);
	ignored := set_config('sebez.request', request_id, true);
	ignored := set_config('sebez.actor', 'view', true);
end $$;
grant execute on function act_as_view(uuid, uuid, uuid, text, text) to sebez_customer, sebez_vendor;

-- Refuses an operation that needs a recent proof of who acts, and says what proves it.
create or replace function require_recent(account_id uuid, session_id uuid, seconds int) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
	if not exists (select from session s where s.id = session_id and s.account_id = require_recent.account_id
	               and s.authenticated_at > now() - make_interval(secs => seconds)) then
		raise exception 'This needs a recent proof of who you are (POST /v1/auth/step-up)'
			using errcode = 'SBR01', detail = account_proofs(account_id);
	end if;
end $$;
grant execute on function require_recent(uuid, uuid, int) to sebez_customer, sebez_vendor, sebez_admin;

create or replace function act_as_jobs(request_id text) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	ignored text;
begin
	ignored := set_config('sebez.scope', 'jobs', true);
	ignored := set_config('sebez.request', request_id, true);
	ignored := set_config('sebez.actor', 'system', true);
end $$;
grant execute on function act_as_jobs(text) to sebez_jobs;

create or replace function act_as_media(request_id text) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	ignored text;
begin
	ignored := set_config('sebez.scope', 'media', true);
	ignored := set_config('sebez.request', request_id, true);
	ignored := set_config('sebez.actor', 'system', true);
end $$;
grant execute on function act_as_media(text) to sebez_media;

-- The envelope of the command line, which has the database password and so needs no session. The vendor must
-- exist; row level security limits the import to it.
create or replace function act_as_import(vendor_id uuid, request_id text) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
	perform from vendor v where v.id = act_as_import.vendor_id;
	if not found then
		raise exception 'Vendor not found' using errcode = 'SB404';
	end if;
	perform set_config('sebez.vendor', vendor_id::text, true),
	        set_config('sebez.scope', 'import:' || vendor_id, true),
	        set_config('sebez.request', request_id, true),
	        set_config('sebez.actor', 'import', true);
end $$;
grant execute on function act_as_import(uuid, text) to sebez_vendor;
