-- Identities of providers. As sebez_auth, which sees every row, but for the list, which relies on row level security,
-- and the jobs.

-- identity_challenge_add (nonce text, session uuid?, lasts_s int): none
insert into identity_challenge (nonce, session_id, expires_at)
values (:nonce, :session, now() + make_interval(secs => :lasts_s));

-- identity_challenge_take (nonce text): maybe -> (session_id uuid?)
-- None: it was taken, or has expired.
delete from identity_challenge where nonce = :nonce and expires_at > now() returning session_id;

-- identity_challenge_purge (rows_max int): one -> (count int)
with deleted as (
	delete from identity_challenge where nonce = any (array(
		select nonce from identity_challenge where expires_at < now() order by expires_at limit :rows_max))
	returning 1
)
select count(*)::int as count from deleted;

-- identity_find (provider text, subject text): maybe -> (id uuid, account_id uuid)
select id, account_id from identity where provider = :provider and subject = :subject;

-- identity_add (id uuid, account uuid, provider text, subject text, email text?, client_id text): one
insert into identity (id, account_id, provider, subject, email, client_id)
values (:id, :account, :provider, :subject, :email, :client_id)
returning id, provider, email, created_at, last_used_at;

-- identity_use (id uuid, account uuid): maybe -> (id uuid)
-- None: it was unlinked meanwhile.
update identity set last_used_at = now() where id = :id and account_id = :account
returning id;

-- identity_keep_code (id uuid, client_id text, sealed bytea): one writes
select identity_keep_code(:id, :client_id, :sealed);

-- identity_list (account uuid): many
select id, provider, email, created_at, last_used_at from identity where account_id = :account
order by created_at, id;

-- identity_remove (account uuid, id uuid): one -> (provider text)
delete from identity where id = :id and account_id = :account returning provider;

-- identity_remove_all (account uuid): many -> (provider text)
delete from identity where account_id = :account returning provider;

-- account_ways_in (account uuid): one -> (count int)
-- What it can sign in with beside mails to its address, which a provider may have given it.
select (a.password_hash is not null)::int + (a.phone is not null)::int
       + (select count(*)::int from passkey p where p.account_id = a.id)
       + (select count(*)::int from identity i where i.account_id = a.id) as count
from account a where a.id = :account;

-- account_add_by_identity (id uuid, email text, email_key text, name text): none
-- Without a password. The provider has verified the address.
insert into account (id, email, email_key, name, email_verified_at) values (:id, :email, :email_key, :name, now());

-- identity_code (id uuid): maybe -> (client_id text, subject text, authorization_code bytea?)
select client_id, subject, authorization_code from identity where id = :id;

-- identity_code_end (id uuid, code bytea): none
-- It was good for no token. Another one may have come meanwhile, which stays.
update identity set authorization_code = null where id = :id and authorization_code = :code;

-- identity_token_keep (id uuid, client_id text, token bytea): none
-- A code was exchanged for it. When the identity has gone meanwhile, Apple is told at once.
with kept as (
	update identity set authorization_code = null, refresh_token = :token, client_id = :client_id where id = :id
	returning id
), gone as (
	insert into identity_revocation (id, client_id, token)
	select :id, :client_id, :token where not exists (select from kept)
	on conflict (id) do nothing
	returning id
)
insert into outbox (topic, subject_id) select 'apple_revoke', id from gone;

-- identity_revocation_find (id uuid): maybe -> (client_id text, token bytea)
select client_id, token from identity_revocation where id = :id;

-- identity_revocation_end (id uuid): none
delete from identity_revocation where id = :id;
