-- Closing months. docs/MONEY.md, "Closed months".
set local role sebez_kernel;

-- Until when everything is closed; -infinity when no month is.
create or replace function closed_until() returns timestamptz language sql stable
set search_path = public, pg_temp as $$
	select coalesce((max(c.month) + interval '1 month') at time zone 'UTC', '-infinity') from period_close c
$$;
grant execute on function closed_until() to sebez_owner;

-- Months of journals, by the time in their ids.
create or replace function period_of(id uuid) returns date language sql immutable parallel safe
return date_trunc('month', uuid_time(id) at time zone 'UTC')::date;
grant execute on function period_of(uuid) to sebez_admin, sebez_owner;

-- What the journals of a month added to each account, by reading them all.
create or replace function period_entries(month date, out journals bigint, out accounts json)
language sql stable set search_path = public, pg_temp as $$
	with entry as materialized (
		select j.id, e.account, e.amount
		from journal j join journal_entry e on e.journal_id = j.id
		where j.id >= uuid_at(month::timestamp at time zone 'UTC')
		and j.id < uuid_at((month + interval '1 month') at time zone 'UTC')
	), account as (
		select e.account, sum(greatest(e.amount, 0))::bigint as debit, sum(greatest(-e.amount, 0))::bigint as credit
		from entry e group by e.account
	)
	select (select count(distinct e.id) from entry e), (
		select coalesce(json_agg(json_build_object('account', a.account, 'debit', a.debit, 'credit', a.credit)
			order by a.account), '[]') from account a)
$$;
grant execute on function period_entries(date) to sebez_owner;

-- The same, of the sums by day.
create or replace function period_sums(month date, out journals bigint, out accounts json)
language sql stable set search_path = public, pg_temp as $$
	with account as (
		select d.account, sum(d.debit)::bigint as debit, sum(d.credit)::bigint as credit, sum(d.journals) as journals
		from ledger_day d where d.day >= month and d.day < month + interval '1 month' group by d.account
	)
	select coalesce(sum(a.journals), 0)::bigint, coalesce(json_agg(json_build_object('account', a.account,
		'debit', a.debit, 'credit', a.credit) order by a.account), '[]')
	from account a
$$;

-- Adds up the closed months all of whose journals are in the sums by day (ledger_carry()). No journal is added to them
-- any more. Returns how many.
create or replace function periods_sum_up() returns int
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	done int;
begin
	update period_close c set journals = s.journals, accounts = s.accounts
	from period_close x cross join lateral period_sums(x.month) s
	where c.id = x.id and c.journals is null and x.journals is null
	and not exists (select from ledger_uncarried u
		where u.journal_id >= uuid_at(x.month::timestamp at time zone 'UTC')
		and u.journal_id < uuid_at((x.month + interval '1 month') at time zone 'UTC'));
	get diagnostics done = row_count;
	return done;
end $$;
grant execute on function periods_sum_up() to sebez_jobs;

-- Closes a month that is over, after those before it. Whoever writes journals holds the lock shared until its commit
-- (post_journals()), so none is under way when the month is closed, and none is added afterwards. All money waits for
-- the lock, so no journal is read under it but the first one of an open month.
create or replace function period_close(new_id uuid, month date, note text) returns uuid
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	ends timestamptz := (month + interval '1 month') at time zone 'UTC';
	open date;
begin
	perform pg_advisory_xact_lock(hashtextextended('sebez periods', 0));
	if ends > now() - interval '1 hour' then
		raise exception 'The month is not over for an hour yet.' using errcode = 'SB409';
	elsif ends <= closed_until() then
		raise exception 'The month is closed already.' using errcode = 'SB409';
	end if;
	select period_of(j.id) into open from journal j
	where j.id >= uuid_at(greatest(closed_until(), 'epoch')) order by j.id limit 1;
	if open < month then
		raise exception '% is not closed yet.', to_char(open, 'YYYY-MM') using errcode = 'SB409';
	end if;
	insert into period_close (id, month, closed_by, note)
	values (new_id, period_close.month, current_account(), period_close.note);
	perform periods_sum_up(); -- unless ledger_carry() is behind
	return new_id;
end $$;
grant execute on function period_close(uuid, date, text) to sebez_admin;

-- Amounts of accounts, as they are shown.
create or replace function period_accounts(accounts json) returns json language sql stable
set search_path = public, pg_temp as $$
	select case when accounts is not null then coalesce((
		select json_agg(json_build_object('account', a ->> 'account',
			'debit', json_build_object('amount', (a ->> 'debit')::bigint, 'currency', f.currency),
			'credit', json_build_object('amount', (a ->> 'credit')::bigint, 'currency', f.currency)))
		from json_array_elements(accounts) a cross join platform f), '[]') end
$$;
grant execute on function period_accounts(json) to sebez_admin;
