-- Identities of providers.
set local role sebez_kernel;

-- Has a code of Apple exchanged for a token.
create or replace function identity_keep_code(id uuid, client_id text, sealed bytea) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
#variable_conflict use_variable
begin
	update identity i set authorization_code = sealed, client_id = client_id
	where i.id = id and i.refresh_token is null;
	if found then
		insert into outbox (topic, subject_id) values ('apple_code', id);
	end if;
end $$;
grant execute on function identity_keep_code(uuid, text, bytea) to sebez_auth;

-- However an identity goes: Apple is told, and what for is kept until then.
create or replace function identity_revoke() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
	insert into identity_revocation (id, client_id, token) values (old.id, old.client_id, old.refresh_token);
	insert into outbox (topic, subject_id) values ('apple_revoke', old.id);
	return null;
end $$;
grant execute on function identity_revoke() to sebez_owner;
