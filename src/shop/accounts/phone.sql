-- Codes that prove a telephone number, and accounts that are known by one.

-- phone_code_add (id uuid, phone text, calling_code text, language text, lasts_s int, lately int, daily int,
--     hourly int): one writes -> (wait_s int)
select phone_code_add(:id, :phone, :calling_code, :language, :lasts_s, :lately, :daily, :hourly) as wait_s;

-- phone_code_try (id uuid, phone text, tries_max int): maybe -> (tries int)
-- For one more comparison. None: it is of another number, used, expired, or was guessed at too often.
update phone_code set tries = tries + 1
where id = :id and phone = :phone and used_at is null and expires_at > now() and tries < :tries_max
returning tries;

-- phone_code_use (id uuid): maybe -> (id uuid)
-- None: somebody else has used it meanwhile.
update phone_code set used_at = now() where id = :id and used_at is null returning id;

-- account_by_phone (phone text): maybe writes -> (id uuid, locked bool, admin bool)
select id, locked_at is not null as locked, admin_role is not null as admin from account where phone = :phone
for no key update;

-- account_of_session_phone (account uuid, session uuid): maybe -> (phone text?, has_email bool, has_password bool)
-- For code that runs without the envelope: no row when the session has ended.
select a.phone, a.email is not null as has_email, a.password_hash is not null as has_password
from account a join session s on s.account_id = a.id
where a.id = :account and s.id = :session and s.ended_at is null and s.expires_at > now();

-- account_add_phone (id uuid, phone text, name text): none
insert into account (id, phone, name) values (:id, :phone, :name);

-- account_set_phone (account uuid, phone text?): one
update account set phone = :phone, version = version + 1, updated_at = now() where id = :account;

-- account_remove_phone (account uuid): maybe -> (id uuid)
-- None: it has no number.
update account set phone = null, version = version + 1, updated_at = now() where id = :account and phone is not null
returning id;

-- phone_codes_to_send (asked rows(number int, id uuid)): many -> (number int, id uuid, phone text, language text)
-- Of these codes those that are of use: neither used nor expired.
select r.number, c.id, c.phone, c.language
from :asked as r join phone_code c on c.id = r.id
where c.used_at is null and c.expires_at > now();

-- phone_code_purge (rows_max int): one -> (count int)
-- After a day they bound no more.
with deleted as (
	delete from phone_code where id = any (array(
		select c.id from phone_code c where c.created_at < now() - interval '2 days'
		order by c.created_at limit :rows_max))
	returning 1
)
select count(*)::int as count from deleted;
