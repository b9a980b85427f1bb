-- Codes that prove an e-mail address. docs/ACCOUNTS.md.

-- email_code_add (id uuid, purpose text, email text, email_key text, language text, lasts_s int, lately int,
--     daily int): one writes -> (wait_s int)
select email_code_add(:id, :purpose, :email, :email_key, :language, :lasts_s, :lately, :daily) as wait_s;

-- email_code_try (id uuid, purpose text, tries_max int): maybe
-- -> (email text, email_key text, created_at time, tries int)
-- For one more comparison. None: it is for something else, used, expired, or was guessed at too often.
update email_code set tries = tries + 1
where id = :id and purpose = :purpose and used_at is null and expires_at > now() and tries < :tries_max
returning email, email_key, created_at, tries;

-- email_code_use (id uuid): maybe -> (id uuid)
-- None: somebody else has used it meanwhile.
update email_code set used_at = now() where id = :id and used_at is null returning id;

-- registration_add (id uuid, name text, password_hash text, accepted uuid[]): none
insert into registration (id, name, password_hash, accepted) values (:id, :name, :password_hash, :accepted);

-- registration_of (id uuid): one -> (name text, password_hash text)
select name, password_hash from registration where id = :id;

-- registration_end (id uuid, account uuid): one writes
-- It became this account, which accepts what was accepted with it.
with ended as (delete from registration where id = :id returning accepted)
select consents_give(:account, e.accepted, 'registration') from ended e;

-- account_to_recover (key text, typed text, asked_at time): maybe writes
-- -> (id uuid, locked bool, admin bool, has_password bool)
-- None: there is no such account, or its password was changed after the code was asked for.
select id, locked_at is not null as locked, admin_role is not null as admin, has_password from account
where email_key in (:key, :typed) and password_changed_at < :asked_at
order by email_key = :typed desc limit 1 for no key update;

-- email_codes_to_send (asked rows(number int, id uuid)): many -> (number int, id uuid, purpose text, email text,
--     language text?, lasts_s int, account_id uuid?, undo_id uuid?)
-- Of these codes those that are of use: neither used nor expired; the account that has the address; and when none has
-- it, the code by which one takes it back: the oldest, for a new password. That goes to the address as it was. A device
-- of the account says its language, so that no stranger chooses it.
select r.number, c.id, c.purpose, coalesce(u.email, c.email) as email,
       case when a.id is null then coalesce((
		select d.locale from device d where d.account_id = u.account_id and d.locale is not null
		order by d.registered_at desc limit 1), c.language)
	when not exists (select from device d where d.account_id = a.id and d.locale is not null)
	then c.language end as language,
       ceil(extract(epoch from c.expires_at - now()))::int as lasts_s, a.id as account_id, u.id as undo_id
from :asked as r
join email_code c on c.id = r.id
left join lateral (
	select x.id from account x where x.email_key in (c.email_key, c.email) and c.purpose <> 'email_undo'
	order by x.email_key = c.email desc limit 1) a on true
left join lateral (
	select w.id, w.email, e.account_id from email_code w join email_change e on e.id = w.id
	where w.email_key = c.email_key and w.purpose = 'email_undo' and w.used_at is null and w.expires_at > now()
	and (c.purpose = 'reset' or c.purpose = 'email_undo' and w.id = c.id)
	order by w.created_at limit 1) u on a.id is null
where c.used_at is null and c.expires_at > now();

-- email_code_purge (rows_max int): one -> (count int)
-- A day after their end they bound no more.
with deleted as (
	delete from email_code where id = any (array(
		select c.id from email_code c where c.expires_at < now() - interval '1 day'
		order by c.expires_at limit :rows_max))
	returning 1
)
select count(*)::int as count from deleted;
