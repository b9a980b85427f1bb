-- Passkeys. As sebez_auth, which sees every row, but for those of the list, which rely on row level security.

-- passkey_challenge_add (challenge bytea, purpose text, session uuid?, email_key text?, lasts_s int): none
insert into passkey_challenge (challenge, purpose, session_id, email_key, expires_at)
values (:challenge, :purpose, :session, :email_key, now() + make_interval(secs => :lasts_s));

-- passkey_challenge_take (challenge bytea, purpose text): maybe -> (session_id uuid?, email_key text?)
-- None: it was taken, has expired, or is for something else.
delete from passkey_challenge where challenge = :challenge and purpose = :purpose and expires_at > now()
returning session_id, email_key;

-- passkey_challenge_purge (rows_max int): one -> (count int)
with deleted as (
	delete from passkey_challenge where challenge = any (array(
		select challenge from passkey_challenge where expires_at < now() order by expires_at limit :rows_max))
	returning 1
)
select count(*)::int as count from deleted;

-- passkey_list (account uuid): many
select id, name, created_at, last_used_at from passkey where account_id = :account order by created_at, id;

-- passkey_rename (id uuid, name text): one
update passkey set name = :name where id = :id returning id, name, created_at, last_used_at;

-- passkeys_of (account uuid): many -> (credential_id bytea)
select credential_id from passkey where account_id = :account;

-- passkey_add (id uuid, account uuid, credential bytea, public_key bytea, sign_count bigint, name text): one
insert into passkey (id, account_id, credential_id, public_key, sign_count, name)
values (:id, :account, :credential, :public_key, :sign_count, :name)
returning id, name, created_at, last_used_at;

-- passkey_find (credential bytea): maybe -> (id uuid, account_id uuid, public_key bytea, email_key text?)
select p.id, p.account_id, p.public_key, a.email_key
from passkey p join account a on a.id = p.account_id where p.credential_id = :credential;

-- passkey_lock (id uuid): maybe writes -> (sign_count bigint, name text)
select sign_count, name from passkey where id = :id for no key update;

-- passkey_use (id uuid, sign_count bigint): one
update passkey set sign_count = :sign_count, last_used_at = now() where id = :id;

-- passkey_remove (account uuid, id uuid): one -> (name text)
delete from passkey where id = :id and account_id = :account returning name;

-- passkey_remove_all (account uuid): many -> (name text)
delete from passkey where account_id = :account returning name;

-- second_factors (account uuid): one -> (has_app bool, has_passkey bool, is_demanded bool)
-- is_demanded: by the marketplace.
select exists (select from totp t where t.account_id = :account and t.confirmed_at is not null) as has_app,
       exists (select from passkey p where p.account_id = :account) as has_passkey,
       two_factor_due(:account) is not null as is_demanded;
