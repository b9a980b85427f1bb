-- Debts of vendors that are paid, reversals, and what providers took twice. docs/MONEY.md.
set local role sebez_kernel;

-- Records that a vendor paid a part of its debt to us. Returns the journal.
create or replace function ledger_debt_paid(vendor uuid, paid bigint, paid_in text, note text) returns uuid
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	new_id uuid := journal_new_id();
	debt bigint;
begin
	perform from vendor v where v.id = vendor;
	if not found then
		raise exception 'Vendor not found' using errcode = 'SB404';
	end if;
	perform ledger_lock(array[vendor]);
	select greatest(-b.available, 0) into debt from vendor_balance b
	where b.vendor_id = vendor and b.currency = paid_in;
	if paid = 0 then
		raise exception 'A field is not valid.' using errcode = 'SBI01', detail = json_build_object(
			'field', '/amount/amount', 'code', 'minimum', 'detail', 'must be at least 1');
	elsif paid > debt then
		raise exception 'A field is not valid.' using errcode = 'SBI01', detail = json_build_object(
			'field', '/amount/amount', 'code', 'maximum', 'detail', format('The vendor owes %s.', debt));
	end if;
	with written as (
		insert into journal (id, cause_kind, cause_id, currency, vendor_id, actor, actor_id, reason)
		values (new_id, 'debt_paid', new_id, paid_in, vendor, current_setting('sebez.actor', true),
		        current_account(), note)
	)
	insert into journal_entry (journal_id, account, vendor_id, item, amount)
	values (new_id, 'bank', null, 'debt', paid), (new_id, 'available', vendor, 'debt', -paid);
	return new_id;
end $$;
grant execute on function ledger_debt_paid(uuid, bigint, text, text) to sebez_admin;

-- Takes a journal back that was recorded by mistake: the same entries with the opposite sign. Journals of sub-orders
-- follow from what these are worth, and are not taken back by hand. Returns the new journal.
create or replace function ledger_reverse(mistake uuid, why text) returns uuid
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	new_id uuid := journal_new_id();
	old journal;
begin
	select * into old from journal j where j.id = mistake;
	if not found then
		raise exception 'Journal not found' using errcode = 'SB404';
	elsif old.cause_kind <> 'debt_paid' then
		raise exception 'This journal follows from its cause.' using errcode = 'SB409';
	end if;
	perform ledger_lock(array[old.vendor_id]);
	if exists (select from journal j where j.reverses = mistake) then
		raise exception 'The journal was reversed already.' using errcode = 'SB409';
	end if;
	with written as (
		insert into journal (id, cause_kind, cause_id, currency, vendor_id, actor, actor_id, reason, reverses)
		values (new_id, 'reversed', mistake, old.currency, old.vendor_id, current_setting('sebez.actor', true),
		        current_account(), why, mistake)
	)
	insert into journal_entry (journal_id, account, vendor_id, item, amount)
	select new_id, e.account, e.vendor_id, e.item, -e.amount
	from journal_entry e where e.journal_id = mistake order by e.id;
	return new_id;
end $$;
grant execute on function ledger_reverse(uuid, text) to sebez_admin;

-- Writes that a provider took a second payment of an order, gave it back, or that this failed. It is no vendor's.
create or replace function ledger_extra(attempt uuid, cause text) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
	with written as (
		insert into journal (id, cause_kind, cause_id, cause_number, currency, order_id, actor)
		select journal_new_id(), cause, a.id, (select count(*) + 1 from journal j where j.cause_kind = cause
			and j.cause_id = a.id), a.currency, a.order_id, current_setting('sebez.actor', true)
		from payment_attempt a where a.id = attempt and a.outcome = 'extra'
		returning id
	)
	insert into journal_entry (journal_id, account, item, amount)
	select w.id, e.account, 'extra', case cause when 'extra_refunded' then -e.amount else e.amount end
	from written w join payment_attempt a on a.id = attempt
	cross join lateral (values (1, 'provider:' || a.provider, a.amount), (2, 'refund_due', -a.amount))
		e (position, account, amount)
	order by e.position;
end $$;
grant execute on function ledger_extra(uuid, text) to sebez_jobs, sebez_kernel;
