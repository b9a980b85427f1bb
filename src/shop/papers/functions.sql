-- Issuing invoices and credit notes. docs/MONEY.md, "Invoices". The lock of a series is taken last in a transaction.
set local role sebez_kernel;

-- The next number of an issuer, and when it was taken: later numbers of a year are of later times.
create or replace function invoice_number(issuer uuid, out year int, out serial bigint, out issued_at timestamptz,
	out number text)
language plpgsql set search_path = public, pg_temp as $$
declare
	at timestamptz := clock_timestamp();
begin
	insert into invoice_series as s (issuer_id, year, last, last_at)
	values (issuer, extract(year from at at time zone 'UTC'), 1, at)
	on conflict on constraint invoice_series_pkey do update
	set last = s.last + 1, last_at = greatest(s.last_at, excluded.last_at)
	returning s.year, s.last, s.last_at
	into invoice_number.year, invoice_number.serial, invoice_number.issued_at;
	invoice_number.number := coalesce((select nullif(t.invoice_prefix, '') || '-' from tax_profile t
		where t.issuer_id = issuer), '') || invoice_number.year || '-'
		|| lpad(invoice_number.serial::text, greatest(6, length(invoice_number.serial::text)), '0');
end $$;

-- A seller as papers name it. name: where it has no tax profile.
create or replace function invoice_seller(issuer uuid, name text) returns json
language sql stable set search_path = public, pg_temp as $$
	select json_build_object('name', coalesce(t.legal_name, invoice_seller.name), 'address', t.address,
		'tax_number', t.tax_number, 'vat_number', t.vat_number, 'registration_number', t.registration_number)
	from (select) x left join tax_profile t on t.issuer_id = issuer
$$;

-- A customer as papers name it, from the address of the delivery.
create or replace function invoice_customer(address json) returns json
language sql stable set search_path = public, pg_temp as $$
	select json_build_object(
		'name', coalesce(nullif(concat_ws(', ', address ->> 'company', address ->> 'name'), ''), ''),
		'address', json_build_object('line1', address ->> 'line1', 'line2', address ->> 'line2',
			'city', address ->> 'city', 'region', address ->> 'region', 'postal_code', address ->> 'postal_code',
			'country', address ->> 'country'),
		'tax_number', null, 'vat_number', null, 'registration_number', null)
$$;

create or replace function invoice_line(title text, variant text, sku text, quantity int, price bigint, currency text)
returns json language sql stable parallel safe as $$
	select json_build_object('title', title, 'variant_title', variant, 'sku', sku, 'quantity', quantity,
		'price', json_build_object('amount', price, 'currency', currency),
		'total', json_build_object('amount', price * quantity, 'currency', currency))
$$;

-- Invoices those of these sub-orders that were shipped and have no invoice yet: of what was not cancelled. What a
-- vendor gave back before, for a chargeback, is credited at once.
create or replace function invoices_issue(sub_orders uuid[]) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	s record;
	new_id uuid;
	before uuid;
begin
	for s in
		select o.*, v.name as vendor_name, g.goods, g.lines,
		       o.discount - gone_share(o.discount, g.gone, o.subtotal) as discount_left,
		       o.tax - gone_share(o.tax, g.gone, o.subtotal) as tax_left,
		       o.total - sub_order_gone(g.gone, o.subtotal, o.percent_fee, o.discount, o.tax, 0) as due
		from sub_order o join vendor v on v.id = o.vendor_id
		cross join lateral (
			select sum(l.price * n.left)::bigint as goods, sum(l.price * l.cancelled_quantity) as gone,
			       json_agg(invoice_line(l.title, l.variant_title, l.sku, n.left, l.price, o.currency)
				order by l.position) filter (where n.left > 0) as lines
			from order_line l cross join lateral (select l.quantity - l.cancelled_quantity as left) n
			where l.vendor_id = o.vendor_id and l.sub_order_id = o.id) g
		where o.id = any (sub_orders) and o.state in ('shipped', 'delivered', 'completed')
		and not exists (select from invoice i
			where i.vendor_id = o.vendor_id and i.sub_order_id = o.id and i.kind = 'invoice')
		order by o.vendor_id, o.id
	loop
		new_id := journal_new_id();
		insert into invoice (vendor_id, id, kind, issuer_id, year, serial, number, issued_at, account_id, order_id,
			sub_order_id, supplied_at, currency, goods, shipping, discount, tax, total, service_fee, seller, lines)
		select s.vendor_id, new_id, 'invoice', s.vendor_id, n.year, n.serial, n.number, n.issued_at, s.account_id,
		       s.order_id, s.id, now(), s.currency, s.goods, s.shipping, s.discount_left, s.tax_left,
		       t.total, s.due - t.total, invoice_seller(s.vendor_id, s.vendor_name), s.lines
		from (select s.goods + s.shipping - s.discount_left + s.tax_left as total) t
		cross join invoice_number(s.vendor_id) n;
		insert into invoice_buyer (vendor_id, invoice_id, account_id, party)
		values (s.vendor_id, new_id, s.account_id, invoice_customer(s.shipping_address));
		select r.id into before from sub_order_refund r
		where r.vendor_id = s.vendor_id and r.sub_order_id = s.id order by r.id desc limit 1;
		if before is not null then
			perform invoice_credit(s.id, before);
		end if;
	end loop;
end $$;
grant execute on function invoices_issue(uuid[]) to sebez_customer, sebez_vendor, sebez_admin, sebez_jobs;

-- Credits what an invoiced sub-order is worth less to its vendor since it was invoiced and credited. Nothing when only
-- the marketplace gave something.
create or replace function invoice_credit(of_sub_order uuid, refund uuid) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	i invoice;
	d record;
begin
	select x.* into i from invoice x join sub_order s on s.vendor_id = x.vendor_id and s.id = x.sub_order_id
	where s.id = of_sub_order and x.kind = 'invoice';
	if not found then
		return;
	end if;
	select i.goods - c.goods - w.goods as goods, i.shipping - c.shipping - w.shipping as shipping,
	       i.discount - c.discount - w.discount as discount, i.tax - c.tax - w.tax as tax,
	       w.goodwill - c.goodwill as goodwill, i.service_fee - c.service_fee - w.service_fee as service_fee into d
	from sub_orders_worth(array[of_sub_order]) w
	cross join (
		select coalesce(sum(x.goods), 0)::bigint as goods, coalesce(sum(x.shipping), 0)::bigint as shipping,
		       coalesce(sum(x.discount), 0)::bigint as discount, coalesce(sum(x.tax), 0)::bigint as tax,
		       coalesce(sum(x.goodwill), 0)::bigint as goodwill,
		       coalesce(sum(x.service_fee), 0)::bigint as service_fee
		from invoice x where x.vendor_id = i.vendor_id and x.corrects_id = i.id) c;
	if (d.goods, d.shipping, d.discount, d.tax, d.goodwill) = (0, 0, 0, 0, 0) then
		return;
	end if;
	insert into invoice (vendor_id, id, kind, issuer_id, year, serial, number, issued_at, account_id, order_id,
		sub_order_id, refund_id, corrects_id, supplied_at, currency, goods, shipping, discount, goodwill, tax, total,
		service_fee, seller, lines)
	select i.vendor_id, journal_new_id(), 'credit_note', i.vendor_id, n.year, n.serial, n.number, n.issued_at,
	       i.account_id, i.order_id, i.sub_order_id, refund, i.id, i.supplied_at, i.currency, d.goods, d.shipping,
	       d.discount, d.goodwill, d.tax, d.goods + d.shipping - d.discount + d.tax + d.goodwill, d.service_fee,
	       i.seller, coalesce((
		select json_agg(invoice_line(l.title, l.variant_title, l.sku, r.quantity, l.price, i.currency)
			order by l.position)
		from sub_order_refund_line r
		join order_line l on l.vendor_id = r.vendor_id and l.id = r.order_line_id
		where r.vendor_id = i.vendor_id and r.refund_id = refund), '[]')
	from invoice_number(i.vendor_id) n;
end $$;

-- Invoices the commission of up to `most` vendors for the oldest month that has ended an hour ago and is not invoiced:
-- what its journals and those before it took, less what was invoiced. Waits until all of them are counted. at: for
-- tests. Returns how many invoices; 0 when nothing is left to be done now.
create or replace function invoices_issue_commissions(most int, at timestamptz default now()) returns int
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	the_month date;
	the_end timestamptz;
	done int := 0;
	v record;
begin
	if not pg_try_advisory_xact_lock(hashtextextended('sebez commission invoices', 0)) then
		return 0;
	end if;
	select coalesce((select max(m.month) + interval '1 month' from invoice_month m),
		(select min(p.start) from platform_sales p where p.dimension = 'all' and p.grain = 'month')) into the_month;
	the_end := (the_month + interval '1 month')::timestamp at time zone 'UTC';
	if the_month is null or the_end > at - interval '1 hour'
		or exists (select from sale_uncounted u where u.journal_id < uuid_at(the_end)) then
		return 0;
	end if;
	for v in
		select p.key::uuid as id, w.name, c.commission - b.commission as commission, c.tax - b.tax as tax
		from platform_sales p
		join vendor w on w.id = p.key::uuid
		cross join lateral (
			select sum(x.commission)::bigint as commission, sum(x.commission_tax)::bigint as tax
			from vendor_sales x where x.vendor_id = p.key::uuid and x.dimension = 'all' and x.grain = 'month'
			and x.start <= the_month) c
		cross join lateral (select coalesce(sum(x.goods * s.sign), 0)::bigint as commission,
			       coalesce(sum(x.tax * s.sign), 0)::bigint as tax
			from invoice x
			cross join lateral (select case x.kind when 'commission_invoice' then 1 else -1 end as sign) s
			where x.vendor_id = p.key::uuid and x.period is not null) b
		where p.dimension = 'vendor' and p.grain = 'month' and p.start = the_month
		and (c.commission, c.tax) <> (b.commission, b.tax)
		and not exists (select from invoice x where x.vendor_id = p.key::uuid and x.period = the_month)
		order by p.key
		limit most
	loop
		perform invoice_issue_commission(v.id, v.name, the_month, the_end, v.commission, v.tax);
		done := done + 1;
	end loop;
	if done < most then
		insert into invoice_month (month) values (the_month);
		return done + 1; -- the next month may have ended, too
	end if;
	return done;
end $$;
grant execute on function invoices_issue_commissions(int, timestamptz) to sebez_jobs;

-- A commission that was given back is a credit note.
create or replace function invoice_issue_commission(vendor uuid, vendor_name text, the_month date, the_end timestamptz,
	commission bigint, tax bigint) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
	sign int := case when commission + tax < 0 then -1 else 1 end;
	title text := 'Commission ' || to_char(the_month, 'YYYY-MM');
	marketplace constant uuid := '00000000-0000-0000-0000-000000000000';
begin
	insert into invoice (vendor_id, id, kind, issuer_id, year, serial, number, issued_at, period, supplied_at, currency,
		goods, tax, total, seller, buyer, lines)
	select vendor, journal_new_id(), case sign when 1 then 'commission_invoice' else 'commission_credit_note' end,
	       marketplace, n.year, n.serial, n.number, n.issued_at, the_month, the_end - interval '1 microsecond',
	       f.currency, sign * commission, sign * tax, sign * (commission + tax),
	       invoice_seller(marketplace, 'The marketplace'), invoice_seller(vendor, vendor_name),
	       json_build_array(invoice_line(title, null, null, 1, sign * commission, f.currency))
	from platform f cross join invoice_number(marketplace) n;
end $$;
