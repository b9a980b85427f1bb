-- The second factor. Those with the parameter `account` run as sebez_auth, which sees every row, after the session was
-- checked; two_factor_state relies on row level security.

-- two_factor_state (account uuid): one
select t.confirmed_at is not null as enabled, t.confirmed_at as enabled_at,
       (select count(*)::int from recovery_code r where r.account_id = :account and r.used_at is null)
       as recovery_codes_left,
       (select count(*)::int from passkey p where p.account_id = :account) as passkeys,
       two_factor_due(:account) as required_from
from account a left join totp t on t.account_id = a.id where a.id = :account;

-- session_account_lock (account uuid, session uuid): maybe writes -> (login text, locked bool)
-- For code that runs without the envelope: no row when the session has ended.
select coalesce(a.email, a.phone) as login, a.locked_at is not null as locked
from account a join session s on s.account_id = a.id
where a.id = :account and s.id = :session and s.ended_at is null and s.expires_at > now()
for no key update of a;

-- session_show_factor (session uuid): none
update session set second_factor_at = now() where id = :session;

-- totp_lock (account uuid): maybe writes -> (secret bytea?, last_step bigint, pending bytea?)
-- The pending secret only while it may be confirmed.
select t.secret, t.last_step, case when t.pending_until > now() then t.pending end as pending
from totp t where t.account_id = :account for update;

-- totp_is_on (account uuid): maybe -> (confirmed_at time?)
select t.confirmed_at from totp t where t.account_id = :account and t.confirmed_at is not null;

-- totp_begin (account uuid, pending bytea, minutes int): one -> (pending_until time)
insert into totp as t (account_id, pending, pending_until)
values (:account, :pending, now() + make_interval(mins => :minutes))
on conflict (account_id) do update set pending = excluded.pending, pending_until = excluded.pending_until
returning pending_until;

-- totp_confirm (account uuid, secret bytea, step bigint): one
update totp set secret = :secret, confirmed_at = now(), last_step = :step, pending = null, pending_until = null
where account_id = :account;

-- totp_use (account uuid, secret bytea, step bigint): one
-- The secret, because it may be sealed with a newer key.
update totp set secret = :secret, last_step = :step where account_id = :account;

-- totp_remove (account uuid): none
delete from totp where account_id = :account;

-- recovery_codes_add (account uuid, codes rows(hash bytea)): none
insert into recovery_code (account_id, hash) select :account, c.hash from :codes as c;

-- recovery_codes_remove (account uuid): none
delete from recovery_code where account_id = :account;

-- recovery_code_use (account uuid, hash bytea): maybe -> (remaining int)
-- None: there is no such code, or it was used.
update recovery_code set used_at = now() where account_id = :account and hash = :hash and used_at is null
returning (select count(*)::int - 1 from recovery_code r where r.account_id = :account and r.used_at is null)
          as remaining;

-- account_addresses (account uuid): many -> (address text)
-- Where it has signed in.
select distinct address from session where account_id = :account and address is not null limit 100;

-- challenge_start (id uuid, account uuid, minutes int): one -> (expires_at time)
insert into sign_in_challenge (id, account_id, expires_at)
values (:id, :account, now() + make_interval(mins => :minutes))
returning expires_at;

-- challenge_account (id uuid, tries_max int): maybe -> (account_id uuid)
select account_id from sign_in_challenge where id = :id and expires_at > now() and tries < :tries_max;

-- challenge_try (id uuid, tries_max int): maybe -> (id uuid)
update sign_in_challenge set tries = tries + 1 where id = :id and expires_at > now() and tries < :tries_max
returning id;

-- challenge_use (id uuid): maybe -> (id uuid)
delete from sign_in_challenge where id = :id returning id;

-- two_factor_grace_start (account uuid): none writes
select two_factor_grace_start(:account);

-- challenge_purge (rows_max int): one -> (count int)
with deleted as (
	delete from sign_in_challenge where id = any (array(
		select id from sign_in_challenge where expires_at < now() order by expires_at limit :rows_max))
	returning 1
)
select count(*)::int as count from deleted;

-- account_reset_factors (email_key text?, phone text?): one writes -> (is_found bool)
-- One of the two is given.
select account_reset_factors(:email_key, :phone) as is_found;
