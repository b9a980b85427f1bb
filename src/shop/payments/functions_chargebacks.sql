-- Chargebacks, and what they do to money. docs/MONEY.md, "Chargebacks".
set local role sebez_owner;

-- Those in which it is not decided.
create or replace function chargeback_open_states() returns text[] language sql immutable parallel safe
return array['inquiry', 'needs_response', 'under_review'];
grant execute on function chargeback_open_states() to sebez_vendor, sebez_admin, sebez_jobs, sebez_kernel;

set local role sebez_kernel;

-- What of a sub-order providers are to pay back, or may have paid back without our knowing.
create or replace function refund_under_way(of_sub_order uuid) returns bigint language sql stable
set search_path = public, pg_temp as $$
	select coalesce(sum(r.amounts[array_position(r.sub_orders, of_sub_order)]), 0)::bigint from payment_refund r
	where r.order_id = (select s.order_id from sub_order s where s.id = of_sub_order)
	and of_sub_order = any (r.sub_orders)
	and (r.state = 'pending' or r.state = 'failed' and r.failure = 'unanswered')
$$;

-- What of a sub-order the bank has taken back and is not decided: what is due for refund is not paid meanwhile.
create or replace function charged_back(vendor uuid, of_sub_order uuid) returns bigint language sql stable
set search_path = public, pg_temp as $$
	select coalesce(sum(p.amount), 0)::bigint from chargeback_part p join chargeback c on c.id = p.chargeback_id
	where p.vendor_id = vendor and p.sub_order_id = of_sub_order and c.taken
$$;
grant execute on function charged_back(uuid, uuid) to sebez_owner;

-- Whether a bank has taken what this refund would pay back, and may pay it back instead.
create or replace function refund_is_charged_back(refund uuid) returns boolean
language sql stable security definer set search_path = public, pg_temp as $$
	select exists (
		select from payment_refund r join chargeback c on c.attempt_id = r.attempt_id and c.taken
		where r.id = refund and (r.sub_orders = '{}' or exists (
			select from sub_order s where s.id = any (r.sub_orders)
			and s.received_amount - s.refunded_amount - (s.total - s.cancelled_total)
			    - charged_back(s.vendor_id, s.id) < (
				select sum(x.amounts[array_position(x.sub_orders, s.id)]) from payment_refund x
				where x.order_id = r.order_id and s.id = any (x.sub_orders)
				and x.state in ('pending', 'failed')))))
$$;
grant execute on function refund_is_charged_back(uuid) to sebez_jobs;

-- Whether the earnings of a sub-order are kept back for a chargeback.
create or replace function is_charged_back(vendor uuid, of_sub_order uuid) returns boolean language sql stable
set search_path = public, pg_temp as $$
	select exists (select from chargeback_part p join chargeback c on c.id = p.chargeback_id
	where p.vendor_id = vendor and p.sub_order_id = of_sub_order and c.taken and c.borne_by = 'vendor')
$$;
grant execute on function is_charged_back(uuid, uuid) to sebez_owner;

create or replace function chargeback_tell(c chargeback, was text) returns void
language sql set search_path = public, pg_temp as $$
	select feed_add_events(event_chargeback_changed(p.vendor_id, id => c.id, sub_order_id => p.sub_order_id,
		order_id => c.order_id, vendor_id => p.vendor_id, status => c.state, was => was,
		amount => shape_money(amount => p.amount, currency => c.currency), respond_by => c.respond_by,
		version => c.version))
	from chargeback_part p where p.chargeback_id = c.id
$$;

-- Finance gets a mail of each that is new.
create or replace function chargeback_mail(c chargeback, was text) returns void
language sql set search_path = public, pg_temp as $$
	select mail_admins('{finance}', 'mail.chargeback', json_build_object('order', o.number, 'amount',
		json_build_object('amount', c.amount, 'currency', c.currency)), '/admin/chargebacks/' || c.id)
	from shop_order o where o.id = c.order_id and was is null
$$;

-- A journal of the marketplace's own accounts.
create or replace function chargeback_journal(c chargeback, cause text, entries journal_entry[]) returns void
language sql set search_path = public, pg_temp as $$
	with written as (
		insert into journal (id, cause_kind, cause_id, cause_number, currency, order_id, vendor_id, actor)
		select journal_new_id(), cause, c.id, (select count(*) + 1 from journal j where j.cause_kind = cause
			and j.cause_id = c.id), c.currency, c.order_id,
			(select e.vendor_id from unnest(entries) e where e.vendor_id is not null limit 1),
			current_setting('sebez.actor', true)
		returning id
	)
	insert into journal_entry (journal_id, account, vendor_id, item, amount)
	select w.id, e.account, e.vendor_id, e.item, e.amount
	from written w cross join unnest(entries) with ordinality
		e (id, journal_id, account, vendor_id, item, amount, position)
	where e.amount <> 0 order by e.position
$$;

create or replace function chargeback_entry(account text, vendor uuid, item text, amount bigint) returns journal_entry
language sql immutable as $$
	select row(0, null, account, vendor, item, amount)::journal_entry
$$;

-- What the provider takes for it, or gives back of that: borne by the vendors, in proportion, or by the marketplace.
create or replace function chargeback_fee(c chargeback, more bigint) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
	one record;
begin
	if c.fee_borne_by = 'marketplace'
			or not exists (select from chargeback_part p where p.chargeback_id = c.id) then
		perform chargeback_journal(c, 'chargeback_fee', array[
			chargeback_entry('chargeback_costs', null, 'chargeback_fee', more),
			chargeback_entry('provider:' || c.provider, null, 'chargeback_fee', -more)]);
		return;
	end if;
	for one in
		select n.vendor_id, n.amount
		from (select array_agg(p.vendor_id order by p.vendor_id) as vendors,
		             split_amount(more, array_agg(p.amount order by p.vendor_id)) as amounts
		      from chargeback_part p where p.chargeback_id = c.id) x
		cross join lateral unnest(x.vendors, x.amounts) n (vendor_id, amount)
		where n.amount <> 0 order by n.vendor_id
	loop
		perform chargeback_journal(c, 'chargeback_fee', array[
			chargeback_entry('available', one.vendor_id, 'chargeback_fee', one.amount),
			chargeback_entry('provider:' || c.provider, null, 'chargeback_fee', -one.amount)]);
	end loop;
end $$;

-- So much less is owed of a sub-order, as goodwill of whoever bears it.
create or replace function chargeback_grant(c chargeback, s sub_order, less bigint, given_by text) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
	refund uuid := journal_new_id();
begin
	update sub_order x set cancelled_total = x.cancelled_total + less,
		goodwill = x.goodwill + case given_by when 'vendor' then less else 0 end,
		platform_goodwill = x.platform_goodwill + case given_by when 'marketplace' then less else 0 end,
		version = x.version + 1, updated_at = now()
	where x.vendor_id = s.vendor_id and x.id = s.id;
	insert into sub_order_refund (vendor_id, id, sub_order_id, account_id, amount, currency, goodwill, goodwill_by,
	                              commission_kept, reason, actor)
	values (s.vendor_id, refund, s.id, s.account_id, less, s.currency, less, given_by, true, 'Chargeback',
	        current_setting('sebez.actor', true));
	perform settle_payments(array[s.id], 'refund_granted');
	perform invoice_credit(s.id, refund);
end $$;

-- What is lost of a sub-order is owed no more. All of it is refunded by its lines, with their commission, and the rest
-- of the service fee by the marketplace; a part is goodwill.
create or replace function chargeback_refund(c chargeback, s sub_order, less bigint) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
	lines uuid[];
	quantities int[];
	by_lines bigint := 0;
begin
	if c.borne_by = 'vendor' and less = s.total - s.cancelled_total and s.state in ('shipped', 'delivered', 'completed')
			and not exists (select from goods_return g where g.vendor_id = s.vendor_id and g.sub_order_id = s.id
				and g.state = any (return_open_states())) then
		select coalesce(array_agg(l.id order by l.id), '{}'),
		       coalesce(array_agg(l.shipped_quantity - l.refunded_quantity order by l.id), '{}')
		into lines, quantities
		from order_line l where l.vendor_id = s.vendor_id and l.sub_order_id = s.id
		and l.shipped_quantity > l.refunded_quantity;
		if cardinality(lines) > 0 or s.shipping > s.refunded_shipping then
			by_lines := refund_sub_order(journal_new_id(), s.id, lines, quantities,
				array_fill(false, array[cardinality(lines)]), s.shipping - s.refunded_shipping, 0, 'vendor',
				'Chargeback');
		end if;
		if less > by_lines then
			perform chargeback_grant(c, s, less - by_lines, 'marketplace');
		end if;
	else
		perform chargeback_grant(c, s, less, c.borne_by);
	end if;
end $$;

-- Of a second payment, which is of no sub-order: the bank has paid back all of it, unless that was done, or may have
-- been. Returns how much the marketplace loses.
create or replace function chargeback_lose_extra(c chargeback) returns bigint
language plpgsql set search_path = public, pg_temp as $$
begin
	update payment_refund r set state = 'by_hand', updated_at = now()
	where r.attempt_id = c.attempt_id and r.sub_orders = '{}' and r.amount = c.amount
	and (r.state = 'failed' and r.failure is distinct from 'unanswered'
		or r.state = 'pending' and r.updated_at = r.created_at);
	if not found then
		return c.amount;
	end if;
	perform ledger_extra(c.attempt_id, 'extra_refunded');
	return 0;
end $$;

-- The bank has paid back what the provider could not: as far as more is asked for than is due. What is still due then
-- of those is asked for anew.
create or replace function refunds_paid_by_bank(of_order uuid) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
	r payment_refund;
begin
	for r in
		select x.* from payment_refund x where x.order_id = of_order and x.state = 'failed'
		and x.failure is distinct from 'unanswered' and x.sub_orders <> '{}' order by x.id
	loop
		update payment_refund x set state = 'by_hand', updated_at = now()
		where x.id = r.id and exists (
			select from sub_order s where s.id = any (r.sub_orders)
			and s.received_amount - s.refunded_amount - (s.total - s.cancelled_total) < (
				select sum(y.amounts[array_position(y.sub_orders, s.id)]) from payment_refund y
				where y.order_id = of_order and s.id = any (y.sub_orders) and y.state in ('pending', 'failed')));
		if found then
			perform refund_by_providers(r.sub_orders);
		end if;
	end loop;
end $$;

-- The bank decided for its customer: the money counts as paid back. Of what was paid back before, too, or may be, the
-- marketplace bears the loss.
create or replace function chargeback_lose(c chargeback) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
	one record;
	s sub_order;
	less bigint;
	back bigint;
	beyond bigint := 0;
begin
	if exists (select from payment_attempt a where a.id = c.attempt_id and a.outcome = 'extra') then
		beyond := chargeback_lose_extra(c);
	end if;
	for one in
		select p.sub_order_id, p.amount, refund_under_way(p.sub_order_id) as under_way
		from chargeback_part p where p.chargeback_id = c.id order by p.vendor_id, p.sub_order_id
	loop
		select * into strict s from sub_order x where x.id = one.sub_order_id;
		back := greatest(least(one.amount, s.received_amount - s.refunded_amount - one.under_way), 0);
		less := back - (s.received_amount - s.refunded_amount - one.under_way - (s.total - s.cancelled_total));
		if less > 0 then
			perform chargeback_refund(c, s, less);
		end if;
		update sub_order x set refunded_amount = x.refunded_amount + back
		where x.vendor_id = s.vendor_id and x.id = s.id;
		beyond := beyond + one.amount - back;
	end loop;
	perform refunds_paid_by_bank(c.order_id);
	perform chargeback_journal(c, 'chargeback_lost', array[
		chargeback_entry('chargeback_costs', null, 'chargeback', beyond),
		chargeback_entry('provider:' || c.provider, null, 'chargeback', c.amount - beyond),
		chargeback_entry('chargebacks', null, 'chargeback', -c.amount)]);
end $$;

-- Of what an attempt paid, so much is charged back: of each sub-order that it paid in proportion to what was not paid
-- back of it and is not under way. A second payment is of no sub-order.
create or replace function chargeback_split(c chargeback) returns void
language sql set search_path = public, pg_temp as $$
	insert into chargeback_part (vendor_id, chargeback_id, sub_order_id, amount)
	select n.vendor_id, c.id, n.sub_order_id, n.amount
	from (select array_agg(s.vendor_id order by s.id) as vendors, array_agg(s.id order by s.id) as sub_orders,
	             split_amount(c.amount, case when sum(w.here) > 0 then array_agg(w.here order by s.id)
			else array_agg(s.received_amount order by s.id) end) as amounts
	      from sub_order s
	      cross join lateral (select greatest(s.received_amount - s.refunded_amount - refund_under_way(s.id), 0)
			as here) w
	      where s.received_at is not null and s.order_id = (select a.order_id from payment_attempt a
		where a.id = c.attempt_id and a.outcome = 'order')
	      having count(*) > 0) x
	cross join lateral unnest(x.vendors, x.sub_orders, x.amounts) n (vendor_id, sub_order_id, amount)
	where n.amount > 0
$$;

-- Writes what the provider says of a chargeback, and moves the money once. attempt: that it is of; the sub-orders of
-- its order are locked. What is decided stays so. Returns its id.
create or replace function chargeback_note(of_attempt uuid, told_reference text, told_amount bigint, told_reason text,
	told_state text, told_fee bigint, told_respond_by timestamptz) returns uuid
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	c chargeback;
	f platform;
	was text;
	moved boolean := told_state in ('needs_response', 'under_review', 'lost');
begin
	select * into strict f from platform;
	insert into chargeback (id, attempt_id, order_id, account_id, provider, reference, amount, currency, reason, state,
	                        borne_by, fee_borne_by)
	select journal_new_id(), a.id, a.order_id, a.account_id, a.provider, told_reference, told_amount, a.currency,
	       told_reason, 'inquiry', f.chargebacks_borne_by, f.chargeback_fees_borne_by
	from payment_attempt a where a.id = of_attempt and a.outcome is not null
	on conflict (provider, reference) do nothing
	returning * into c;
	if c.id is not null then
		perform chargeback_split(c);
	else
		select x.* into c from chargeback x join payment_attempt a on a.provider = x.provider
		where a.id = of_attempt and x.reference = told_reference for update of x;
		was := c.state;
	end if;
	if c.id is null or c.state <> all (chargeback_open_states()) then
		return c.id;
	end if;
	perform ledger_lock(array(select p.vendor_id from chargeback_part p where p.chargeback_id = c.id));
	if was = 'inquiry' and told_state = 'needs_response' then -- another question, which takes evidence of its own
		update chargeback x set send_at = null, sending_at = null, sent_at = null, refused_at = null where x.id = c.id;
	end if;
	if moved and not c.taken then
		perform chargeback_journal(c, 'chargeback_taken', array[
			chargeback_entry('chargebacks', null, 'chargeback', c.amount),
			chargeback_entry('provider:' || c.provider, null, 'chargeback', -c.amount)]);
		update chargeback x set taken = true, state = 'needs_response' where x.id = c.id returning * into c;
		if c.borne_by = 'vendor' then
			perform ledger_hold(p.sub_order_id) from chargeback_part p where p.chargeback_id = c.id;
		end if;
	end if;
	if told_fee <> c.fee then
		perform chargeback_fee(c, told_fee - c.fee);
	end if;
	if told_state = 'lost' then
		perform chargeback_lose(c);
	elsif told_state = 'won' and c.taken then
		perform chargeback_journal(c, 'chargeback_won', array[
			chargeback_entry('provider:' || c.provider, null, 'chargeback', c.amount),
			chargeback_entry('chargebacks', null, 'chargeback', -c.amount)]);
	end if;
	update chargeback x set state = told_state, taken = told_state in ('needs_response', 'under_review'),
		fee = told_fee,
		respond_by = case when told_state in ('inquiry', 'needs_response') then told_respond_by end,
		send_at = case when told_state in ('inquiry', 'needs_response') and x.sent_at is null and x.refused_at is null
			then coalesce(x.send_at, told_respond_by - interval '1 day') end,
		asked_at = now(), version = x.version + (told_state is distinct from was)::int,
		updated_at = case when told_state is distinct from was then now() else x.updated_at end
	where x.id = c.id returning * into c;
	if told_state = any ('{won,lost}') then
		perform ledger_unhold(p.sub_order_id) from chargeback_part p where p.chargeback_id = c.id;
		perform settle_payments(array(select p.sub_order_id from chargeback_part p where p.chargeback_id = c.id
			order by 1));
	end if;
	if told_state is distinct from was then
		perform chargeback_tell(c, was);
		perform chargeback_mail(c, was);
	end if;
	return c.id;
end $$;
grant execute on function chargeback_note(uuid, text, bigint, text, text, bigint, timestamptz) to sebez_jobs;
