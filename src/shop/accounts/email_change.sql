-- Another e-mail address, and the way back to a former one. docs/ACCOUNTS.md. As sebez_auth.

-- email_change_add (id uuid, account uuid): none
insert into email_change (id, account_id) values (:id, :account);

-- email_change_is_of (id uuid, account uuid): maybe -> (id uuid)
select id from email_change where id = :id and account_id = :account;

-- account_has_password (account uuid, session uuid): maybe -> (has_password bool)
-- No row when the session has ended.
select a.password_hash is not null as has_password from account a join session s on s.account_id = a.id
where a.id = :account and s.id = :session and s.ended_at is null and s.expires_at > now();

-- email_undo_add (id uuid, account uuid, language text, lasts_s int): one writes
select email_undo_add(:id, :account, :language, :lasts_s);

-- account_change_email (account uuid, email text, email_key text, password_hash text?): one
update account
set email = :email, email_key = :email_key, email_verified_at = now(), version = version + 1, updated_at = now()
	[password_hash: , password_hash = :password_hash, password_changed_at = clock_timestamp()]
where id = :account;

-- email_undo_lock (id uuid): maybe writes -> (account_id uuid, lost text?, locked bool)
-- The account, before its codes: several that are used at once wait here. `lost` is the address that it will lose.
select a.id as account_id, a.email as lost, a.locked_at is not null as locked
from email_change e join account a on a.id = e.account_id
where e.id = :id for no key update of a;

-- email_undo_deletion (id uuid): maybe -> (account_id uuid)
-- The account's deletion, if somebody asked for it after the change and it has not begun. Before the account, as the
-- job locks them.
delete from account_deletion d using email_change e join email_code u on u.id = e.id
where e.id = :id and d.account_id = e.account_id and d.started_at is null and d.asked_at > u.created_at
returning d.account_id;

-- email_undo_void (id uuid, account uuid): none
-- What the account was to get after that address: codes for it, and the ways back to addresses that came later. So of
-- several former addresses the oldest one wins.
update email_code c set used_at = now()
from email_change e, email_code u
where u.id = :id and e.account_id = :account and c.id = e.id and c.used_at is null
and (c.purpose = 'email_change' or c.created_at > u.created_at);

-- email_undo_phone (id uuid, account uuid): none
-- The number that it had then; none, when another account has that by now.
update account a set phone = case when not exists (
	select from account o where o.phone = e.phone and o.id <> a.id) then e.phone end
from email_change e
where a.id = :account and e.id = :id and a.phone is distinct from e.phone;

-- email_undo_factor (id uuid, account uuid, lately_s int): none
-- A second factor goes that came later, or so shortly before: a thief may set it up first.
with gone as (
	delete from totp t using email_code u
	where u.id = :id and t.account_id = :account and (
		t.confirmed_at is null or t.confirmed_at > u.created_at - :lately_s * interval '1 second')
	returning t.account_id
)
delete from recovery_code r using gone g where r.account_id = g.account_id;

-- email_undo_identities (id uuid, account uuid, lately_s int): none
-- Likewise.
delete from identity i using email_code u
where u.id = :id and i.account_id = :account
and i.created_at > u.created_at - :lately_s * interval '1 second';

-- email_undo_passkeys (id uuid, account uuid, lately_s int): none
-- Likewise.
delete from passkey p using email_code u
where u.id = :id and p.account_id = :account
and p.created_at > u.created_at - :lately_s * interval '1 second';
