-- Payouts: stamping, approving, and what became of them. docs/MONEY.md, "Payouts".
set local role sebez_kernel;

-- The states of a payout and the journals of its moves: from which account to which.
create or replace function payout_moves()
returns table (from_state text, to_state text, cause text, debited text, credited text)
language sql immutable parallel safe as $$
	values ('pending', 'approved', null, null, null),
	       ('pending', 'failed', 'payout_failed', 'in_payout', 'available'),
	       ('approved', 'failed', 'payout_failed', 'in_payout', 'available'),
	       ('approved', 'paid', 'payout_paid', 'in_payout', 'bank'),
	       ('paid', 'returned', 'payout_returned', 'bank', 'available')
$$;
grant execute on function payout_moves() to sebez_vendor, sebez_admin;

-- When the current period of a schedule began: it has one payout.
create or replace function payout_period(schedule text) returns timestamptz language sql stable as $$
	select date_trunc(case schedule when 'daily' then 'day' when 'weekly' then 'week' else 'month' end,
	                  now() at time zone 'UTC') at time zone 'UTC'
$$;

-- Makes payouts of all that is available, for up to `most` vendors that are due, or for one of them whatever its
-- schedule says. The lock of the balance is the claim: what is stamped is no longer available to anybody else. Never
-- waits for a balance.
create or replace function payouts_stamp(most int, only_vendor uuid, out count int, out total bigint)
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	due uuid[];
begin
	due := array(
		select b.vendor_id
		from platform f
		join vendor_balance b on b.currency = f.currency
		join vendor v on v.id = b.vendor_id and v.state in ('approved', 'closed')
		left join payout_terms t on t.vendor_id = b.vendor_id
		cross join lateral (select coalesce(t.schedule, f.payout_schedule) as schedule) s
		where b.available >= greatest(coalesce(t.minimum, f.payout_minimum), 1) and t.held_reason is null
		and (b.vendor_id = only_vendor or only_vendor is null and s.schedule <> 'manual' and not exists (
			select from payout p
			where p.vendor_id = b.vendor_id and p.created_at >= payout_period(s.schedule)))
		and exists (select from payout_account a
			where a.vendor_id = b.vendor_id and a.ended_at is null and a.active_at <= now())
		and not exists (select from payout_account a
			where a.vendor_id = b.vendor_id and a.ended_at is null and a.active_at > now())
		order by b.vendor_id
		limit most
		for no key update of b skip locked);
	with stamped as materialized (
		select b.vendor_id, b.currency, b.available as amount, journal_new_id() as id, journal_new_id() as journal,
		       (select a.id from payout_account a
		        where a.vendor_id = b.vendor_id and a.ended_at is null order by a.active_at desc limit 1) as account,
		       (select max(e.id) from journal_entry e where e.vendor_id = b.vendor_id) as until
		from vendor_balance b join platform f on f.currency = b.currency
		where b.vendor_id = any (due)
	), made as (
		insert into payout (vendor_id, id, currency, amount, state, approved_at, account_id, entries_until)
		select s.vendor_id, s.id, s.currency, s.amount,
		       case f.payout_approvals when 0 then 'approved' else 'pending' end,
		       case f.payout_approvals when 0 then now() end, s.account, s.until
		from stamped s cross join platform f
	), written as (
		insert into journal (id, cause_kind, cause_id, currency, vendor_id, actor, actor_id)
		select s.journal, 'payout_stamped', s.id, s.currency, s.vendor_id, current_setting('sebez.actor', true),
		       current_account()
		from stamped s
	), entries as (
		insert into journal_entry (journal_id, account, vendor_id, item, amount)
		select s.journal, e.account, s.vendor_id, 'payout', e.amount
		from stamped s cross join lateral (values
			(1, 'available', s.amount), (2, 'in_payout', -s.amount)) e (position, account, amount)
		order by s.vendor_id, e.position
	)
	select count(*), coalesce(sum(s.amount), 0) from stamped s into payouts_stamp.count, payouts_stamp.total;
end $$;
grant execute on function payouts_stamp(int, uuid) to sebez_admin, sebez_jobs;

-- Locks a payout, and refuses a move that its state does not allow.
create or replace function payout_lock(payout uuid, target text) returns payout
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	p payout;
begin
	select * into p from payout x where x.id = payout_lock.payout for no key update;
	if not found then
		raise exception 'Payout not found' using errcode = 'SB404';
	elsif not exists (select from payout_moves() m where m.from_state = p.state and m.to_state = target) then
		raise exception '%', case when target = 'approved' and p.state = 'approved' then (
			select format('%s approved it at %s.', coalesce(a.name, 'The marketplace'), json_time(p.approved_at))
			from (select) x left join payout_approval y on y.vendor_id = p.vendor_id and y.payout_id = p.id
			left join account a on a.id = y.account_id
			order by y.at desc limit 1)
			else format('The payout is %s.', p.state) end using errcode = 'SB409';
	end if;
	return p;
end $$;

-- Counts the approval of whoever acts. Returns whether it was the last that was needed.
create or replace function payout_approve(payout uuid) returns boolean
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	p payout := payout_lock(payout, 'approved');
begin
	insert into payout_approval (vendor_id, payout_id, account_id) values (p.vendor_id, p.id, current_account())
	on conflict do nothing;
	if not found then
		raise exception 'You approved it already; somebody else must, too.' using errcode = 'SB409';
	end if;
	update payout x set version = x.version + 1,
		state = case when e.enough then 'approved' else x.state end, approved_at = case when e.enough then now() end
	from (select (select count(*) from payout_approval y where y.vendor_id = p.vendor_id and y.payout_id = p.id)
		>= (select f.payout_approvals from platform f) as enough) e
	where x.vendor_id = p.vendor_id and x.id = p.id;
	return true;
end $$;
grant execute on function payout_approve(uuid) to sebez_admin;

-- Records what became of a payout, with its journal. note: a reference of the bank, or the reason of a failure.
create or replace function payout_end(payout uuid, target text, note text) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	p payout := payout_lock(payout, target);
	journal uuid := journal_new_id();
	move record;
begin
	select * into move from payout_moves() m where m.from_state = p.state and m.to_state = target;
	perform ledger_lock(array[p.vendor_id]);
	with written as (
		insert into journal (id, cause_kind, cause_id, currency, vendor_id, actor, actor_id, reason)
		values (journal, move.cause, p.id, p.currency, p.vendor_id, current_setting('sebez.actor', true),
		        current_account(), note)
	)
	insert into journal_entry (journal_id, account, vendor_id, item, amount)
	select journal, e.account, case when e.account <> 'bank' then p.vendor_id end, 'payout', e.amount
	from (values (1, move.debited, p.amount), (2, move.credited, -p.amount)) e (position, account, amount)
	order by e.position;
	update payout x set state = target, version = x.version + 1,
		paid_at = case when target = 'paid' then now() else x.paid_at end,
		reference = case when target = 'paid' then note else x.reference end,
		ended_at = case when target <> 'paid' then now() end,
		reason = case when target <> 'paid' then note end
	where x.vendor_id = p.vendor_id and x.id = p.id;
end $$;
grant execute on function payout_end(uuid, text, text) to sebez_admin;

-- Takes up to `most` approved payouts that are in no file into a new one: those to IBANs, or all. Returns null when
-- there is none.
create or replace function payouts_export(new_id uuid, only_ibans boolean, debtor_name text, debtor_iban text,
	execute_on date, most int) returns uuid
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	taken uuid[];
begin
	taken := array(
		select p.id from payout p join payout_account a on a.vendor_id = p.vendor_id and a.id = p.account_id
		where p.state = 'approved' and p.export_id is null and (a.iban is not null or not only_ibans)
		order by p.id limit most for no key update of p skip locked);
	if cardinality(taken) = 0 then
		return null;
	end if;
	insert into payout_export (id, currency, count, total, debtor_name, debtor_iban, execute_on, only_ibans, created_by)
	select new_id, min(p.currency), count(*), sum(p.amount), payouts_export.debtor_name, payouts_export.debtor_iban,
	       payouts_export.execute_on, payouts_export.only_ibans, current_account()
	from payout p where p.id = any (taken);
	update payout p set export_id = new_id, version = p.version + 1 where p.id = any (taken);
	return new_id;
end $$;
grant execute on function payouts_export(uuid, boolean, text, text, date, int) to sebez_admin;
