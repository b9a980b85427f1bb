-- Accounts that leave. docs/ACCOUNTS.md, "Leaving".

-- account_expect_free (account uuid): one writes
select account_expect_free(:account);

-- account_deletion_ask (account uuid, by_admin bool, days int): none
-- A repetition changes nothing.
insert into account_deletion (account_id, by_admin, erase_at, due_at)
values (:account, :by_admin, now() + make_interval(days => :days), now() + make_interval(days => :days))
on conflict (account_id) do nothing;

-- account_deletion_of (account uuid): maybe -> (asked_at time, erase_at time, by_admin bool)
select asked_at, erase_at, by_admin, erased_at from account_deletion where account_id = :account;

-- account_deletion_cancel (account uuid): maybe -> (account_id uuid)
-- None: nothing was asked for, or it has begun.
delete from account_deletion where account_id = :account and started_at is null returning account_id;

-- account_sessions_end (account uuid): none
update session set ended_at = now() where account_id = :account and ended_at is null;

-- account_deletions_claim (most int): many writes -> (account_id uuid)
-- Those that are due, for an hour: whoever dies meanwhile leaves them to the next run.
update account_deletion d set due_at = now() + interval '1 hour'
where d.account_id in (select x.account_id from account_deletion x where x.erased_at is null and x.due_at <= now()
                       order by x.due_at limit :most for update skip locked)
returning d.account_id;

-- account_deletion_step (account uuid): maybe writes -> (email text, locale text?)
select s.email, s.locale from account_deletion_step(:account) s;
