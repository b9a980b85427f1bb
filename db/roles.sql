-- Roles, the owner of the schema, and the functions that policies read.
-- Seven roles log in, one per kind of caller; each has its own connection pool. sebez_owner owns the tables and
-- does not log in. sebez_kernel owns the few SECURITY DEFINER functions that bypass the caller's policies on
-- purpose; it is subject to row level security, too, through its own policies.
do $$
declare
	role_name text;
begin
	foreach role_name in array array['sebez_owner', 'sebez_kernel'] loop
		if not exists (select from pg_roles where rolname = role_name) then
			execute format('create role %I nologin noinherit', role_name);
		end if;
	end loop;
	foreach role_name in array array['sebez_public', 'sebez_auth', 'sebez_customer', 'sebez_vendor',
	                                 'sebez_admin', 'sebez_jobs', 'sebez_media'] loop
		if not exists (select from pg_roles where rolname = role_name) then
			execute format('create role %I login noinherit', role_name);
		end if;
		execute format('grant connect on database %I to %I', current_database(), role_name);
	end loop;
	execute format('grant sebez_owner, sebez_kernel to %I', current_user);
	execute format('grant create on database %I to sebez_owner', current_database());
	execute format('revoke temporary on database %I from public', current_database());
end $$;

create extension if not exists pg_trgm;
create extension if not exists unaccent with schema public;

revoke all on schema public from public;
grant usage, create on schema public to sebez_owner, sebez_kernel;
grant usage on schema public to sebez_public, sebez_auth, sebez_customer, sebez_vendor, sebez_admin,
                               sebez_jobs, sebez_media;
alter default privileges for role sebez_owner revoke execute on functions from public;
alter default privileges for role sebez_kernel revoke execute on functions from public;

set local role sebez_owner;

-- The actor, as set by the envelope for this transaction. An unset or empty setting is NULL, and NULL equals
-- nothing: the policies fail closed.
create function current_account() returns uuid language sql stable parallel safe
return nullif(current_setting('sebez.account', true), '')::uuid;
grant execute on function current_account() to public;

create function current_session() returns uuid language sql stable parallel safe
return nullif(current_setting('sebez.session', true), '')::uuid;
grant execute on function current_session() to public;

create function current_vendor() returns uuid language sql stable parallel safe
return nullif(current_setting('sebez.vendor', true), '')::uuid;
grant execute on function current_vendor() to public;

-- The hash of the guest's cart token, in hexadecimal.
create function current_guest() returns text language sql stable parallel safe
return nullif(current_setting('sebez.guest', true), '');
grant execute on function current_guest() to public;

-- The owner of idempotency keys: customer:<account>, staff:<vendor>:<account>, ...
create function current_scope() returns text language sql stable parallel safe
return nullif(current_setting('sebez.scope', true), '');
grant execute on function current_scope() to public;

-- Role bits as in C: enum staff_role and enum admin_role, in the order of the contract.
create function staff_role_bit(role text) returns int language sql immutable parallel safe
return coalesce(1 << array_position(array[:StaffRole], role) - 1, 0);
grant execute on function staff_role_bit(text) to sebez_customer, sebez_vendor, sebez_admin, sebez_jobs,
	sebez_kernel;

create function admin_role_bit(role text) returns int language sql immutable parallel safe
return coalesce(1 << array_position(array[:AdminRole], role) - 1, 0);
grant execute on function admin_role_bit(text) to sebez_kernel;
