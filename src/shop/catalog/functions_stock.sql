-- Stock: reserving it, releasing it, and the in_stock flag of products. Lock order: variants by (vendor,
-- variant), then products by id.
set local role sebez_kernel;

-- Updates in_stock of the products of variants that ran out or came back. A separate statement locks the
-- products first, so that the update sees what earlier lock holders committed: two orders may each take the
-- last piece of another variant.
create or replace function refresh_in_stock(variant_ids uuid[]) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
	perform from product p
	where p.id in (select v.product_id from variant v where v.id = any (variant_ids))
	order by p.id for no key update;

	update product p set in_stock = not p.in_stock
	where p.id in (select v.product_id from variant v where v.id = any (variant_ids))
	and p.in_stock <> exists (select from variant x where x.vendor_id = p.vendor_id
		and x.product_id = p.id and x.deleted_at is null and (x.available > 0 or x.backorder or not x.tracked));
end $$;

-- Reserves the goods of an order. Locks the variants by (vendor, variant), so that two orders never deadlock; the
-- update judges each variant as the earlier lock holders committed it. Raises with all failures:
-- SBS01 when a tracked variant ran out, SBQ01 when a variant differs from the quote.
create or replace function reserve_stock(vendor_ids uuid[], variant_ids uuid[], quantities int[], prices bigint[],
	images text[], ordered_at timestamptz)
returns void language plpgsql security definer set search_path = public, pg_temp as $$
declare
	taken uuid[];
	emptied uuid[];
begin
	if (1 <= all (quantities)) is not true then
		raise exception 'cannot reserve % pieces', quantities;
	end if;
	with counted as (
		insert into sale_pending (day, variant_ids, units, upload_ids)
		values (sale_day(ordered_at), variant_ids, quantities,
		        (select array_agg(s.upload_id) from (select image_upload(i::json) from unnest(images) i) s (upload_id)
		         where s.upload_id is not null))
	), locked as materialized (
		select v.vendor_id, v.id, w.quantity, w.price
		from unnest(vendor_ids, variant_ids, quantities, prices) as w (vendor_id, id, quantity, price)
		join variant v on v.vendor_id = w.vendor_id and v.id = w.id
		order by v.vendor_id, v.id for no key update of v
	), sold as (
		update variant v set available = v.available - w.quantity
		from locked w
		where v.vendor_id = w.vendor_id and v.id = w.id and v.deleted_at is null
		and v.price = w.price and (v.available >= w.quantity or v.backorder or not v.tracked)
		and exists (select from product p join vendor n on n.id = p.vendor_id and n.state = 'approved'
		            where p.vendor_id = v.vendor_id and p.id = v.product_id and p.visible)
		returning v.id, v.tracked and v.available <= 0 as empty
	)
	select array_agg(s.id), array_agg(s.id) filter (where s.empty) into taken, emptied from sold s;
	if cardinality(taken) is distinct from cardinality(variant_ids) then
		perform refuse_stock(vendor_ids, variant_ids, quantities, prices, taken);
	end if;
	if emptied is not null then
		perform refresh_in_stock(emptied);
	end if;
end $$;
grant execute on function reserve_stock(uuid[], uuid[], int[], bigint[], text[], timestamptz) to sebez_customer,
	sebez_jobs;

-- Raises why reserve_stock() took less than all.
create or replace function refuse_stock(vendor_ids uuid[], variant_ids uuid[], quantities int[], prices bigint[],
                                        taken uuid[])
returns void language plpgsql set search_path = public, pg_temp as $$
declare
	missing json;
	as_quoted boolean;
begin
	select coalesce(bool_and(n.id is not null), false), json_agg(json_build_object('variant_id', w.id,
		'requested', w.quantity, 'available', greatest(v.available, 0)) order by w.ordinality)
	into as_quoted, missing
	from unnest(vendor_ids, variant_ids, quantities, prices) with ordinality
		as w (vendor_id, id, quantity, price, ordinality)
	left join variant v on v.vendor_id = w.vendor_id and v.id = w.id and v.deleted_at is null and v.price = w.price
	left join product p on p.vendor_id = v.vendor_id and p.id = v.product_id and p.visible
	left join vendor n on n.id = p.vendor_id and n.state = 'approved'
	where w.id <> all (coalesce(taken, '{}'));
	if not as_quoted then
		raise exception 'The price or delivery has changed' using errcode = 'SBQ01';
	end if;
	raise exception 'An item is out of stock' using errcode = 'SBS01',
		detail = json_build_object('out_of_stock', missing)::text;
end $$;

-- Releases the stock of cancelled lines of sub-orders that is still reserved; so repeated calls never release
-- more. Locks in the order of reserve_stock over all lines: variants first, then products.
create or replace function release_stock(sub_orders uuid[]) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	touched uuid[];
begin
	with held as materialized (
		select l.vendor_id, l.id, l.variant_id, s.created_at, l.cancelled_quantity - l.released_quantity as quantity
		from sub_order s join order_line l on l.vendor_id = s.vendor_id and l.sub_order_id = s.id
		where s.id = any (sub_orders) and l.cancelled_quantity > l.released_quantity
		for no key update of l
	), released as (
		update order_line l set released_quantity = l.released_quantity + h.quantity
		from held h where l.vendor_id = h.vendor_id and l.id = h.id
	), uncounted as (
		insert into sale_pending (day, variant_ids, units)
		select sale_day(h.created_at), array_agg(h.variant_id), array_agg(-h.quantity) from held h group by 1
	), locked as materialized (
		select v.vendor_id, v.id, h.quantity
		from (select x.vendor_id, x.variant_id, sum(x.quantity) as quantity from held x group by 1, 2) h
		join variant v on v.vendor_id = h.vendor_id and v.id = h.variant_id
		order by v.vendor_id, v.id for no key update of v
	), returned as (
		update variant v set available = v.available + l.quantity
		from locked l where v.vendor_id = l.vendor_id and v.id = l.id
		returning v.id
	)
	select array_agg(r.id) into touched from returned r;
	perform refresh_in_stock(touched);
end $$;
grant execute on function release_stock(uuid[]) to sebez_customer, sebez_vendor, sebez_admin, sebez_jobs;

-- Adds to the stock what a refund says can be sold again. Variants are locked last.
create or replace function restock_refunded(vendor uuid, refund uuid) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
	touched uuid[];
begin
	with locked as materialized (
		select v.id, r.quantity
		from (select l.variant_id, sum(x.quantity) as quantity from sub_order_refund_line x
		      join order_line l on l.vendor_id = x.vendor_id and l.id = x.order_line_id
		      where x.vendor_id = vendor and x.refund_id = refund and x.restocked group by 1) r
		join variant v on v.vendor_id = vendor and v.id = r.variant_id
		order by v.id for no key update of v
	), noted as (
		insert into stock_adjustment (vendor_id, id, variant_id, delta, reason, account_id)
		select vendor, journal_new_id(), l.id, l.quantity, 'refunded', current_account() from locked l
	), returned as (
		update variant v set available = v.available + l.quantity
		from locked l where v.vendor_id = vendor and v.id = l.id
		returning v.id
	)
	select array_agg(r.id) into touched from returned r;
	perform refresh_in_stock(touched);
end $$;

set local role sebez_owner;

-- Sold, but neither shipped nor cancelled.
create or replace function stock_reserved(vendor uuid, variant uuid) returns bigint language sql stable parallel safe
return (select coalesce(sum(l.quantity - l.cancelled_quantity - l.shipped_quantity), 0)
        from order_line l where l.vendor_id = vendor and l.variant_id = variant
        and l.cancelled_quantity + l.shipped_quantity < l.quantity);
grant execute on function stock_reserved(uuid, uuid) to sebez_vendor, sebez_admin;

-- An order brought the stock to five or less, or to zero. Not noted when staff sets the stock.
create or replace function note_low_stock() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
	perform feed_add_events(event_low_stock(new.vendor_id, product_id => new.product_id,
		variant_id => new.id, sku => new.sku, available => new.available, sold_out => new.available <= 0));
	return null;
end $$;
