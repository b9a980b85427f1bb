-- Proving anew who one is. As sebez_auth, which no envelope guards.

-- session_way_in (account uuid, session uuid): maybe
-- -> (phone text?, has_password bool, has_totp bool, has_identity bool, needs_passkey bool)
-- How the account proves itself; no row when the session has ended.
select a.phone, a.password_hash is not null as has_password,
       exists (select from totp t where t.account_id = a.id and t.confirmed_at is not null) as has_totp,
       exists (select from identity i where i.account_id = a.id) as has_identity,
       exists (select from passkey p where p.account_id = a.id) and two_factor_due(a.id) is not null as needs_passkey
from account a join session s on s.account_id = a.id
where a.id = :account and s.id = :session and s.ended_at is null and s.expires_at > now();

-- session_prove (session uuid, second_factor bool): maybe -> (authenticated_at time)
-- None: it has ended meanwhile.
update session set authenticated_at = now(),
	second_factor_at = case when :second_factor then now() else second_factor_at end
where id = :session and ended_at is null
returning authenticated_at;
