-- Accounts, listed and locked by admins. The admin's role sees every row; every write is in the audit log.

-- admin_users_page (q text?, phone text?, locked bool?, after_key time, after_id uuid, page_size int): many
select a.id, a.email, a.phone, a.name, a.avatar, a.admin_role, a.locked_at, a.created_at, a.created_at as "_key"
from account a
where (a.created_at, a.id) < (:after_key, :after_id)
[q: and coalesce(a.email, '') || ' ' || a.name ilike containing(:q)]
[phone: and a.phone = :phone]
[locked: and (a.locked_at is not null) = :locked]
order by a.created_at desc, a.id desc
limit :page_size;

-- admin_user (id uuid): one
select a.id, a.email, a.email_verified_at, a.phone, a.name, a.avatar, a.admin_role,
       coalesce((
		select json_agg(json_build_object('id', v.id, 'name', v.name, 'slug', v.slug, 'status', v.state,
		                                  'role', s.role) order by s.created_at, v.id)
		from staff s join vendor v on v.id = s.vendor_id where s.account_id = a.id), '[]') as vendors,
       a.created_at, (select json_build_object('asked_at', json_time(d.asked_at), 'erase_at', json_time(d.erase_at),
                                               'by_admin', d.by_admin, 'erased_at', json_time(d.erased_at))
                      from account_deletion d where d.account_id = a.id) as deletion,
       a.locked_at, a.locked_reason as lock_reason, a.version as "_version"
from account a
where a.id = :id;

-- admin_user_row_lock (id uuid): one -> (is_admin bool, is_self bool, by_superadmin bool,
--     has_password bool)
select a.admin_role is not null as is_admin, a.id = current_account() as is_self,
       a.has_password,
       (select me.admin_role = 'superadmin' and me.locked_at is null
        from account me where me.id = current_account()) as by_superadmin
from account a
where a.id = :id
for no key update;

-- account_expect_stays (id uuid): one writes
select account_expect_stays(:id);

-- admin_user_lock (id uuid, reason text): one
update account
set locked_at = coalesce(locked_at, now()), locked_reason = :reason, version = version + 1,
    updated_at = now()
where id = :id;

-- admin_superadmins_lock (): many -> (is_self bool)
-- Blocks changes of the set of superadmins until the end of the transaction.
select a.id = current_account() as is_self from account a where a.admin_role = 'superadmin'
order by a.id for no key update;

-- admin_user_set_role (id uuid, role text?): one
update account set admin_role = :role, version = version + 1, updated_at = now() where id = :id;

-- admin_user_end_sessions (id uuid): none
update session set ended_at = now() where account_id = :id and ended_at is null;

-- admin_user_unlock (id uuid): one
update account
set locked_at = null, locked_reason = null, version = version + 1, updated_at = now()
where id = :id;
