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

-- Reserves the goods of an order: each variant conditionally, in the given order, which the caller sorts by
-- (vendor, variant), so that two orders never deadlock. Raises with all failures: SBS01 when a tracked
-- variant ran out, SBQ01 when a variant differs from the quote.
create or replace function reserve_stock(vendor_ids uuid[], variant_ids uuid[], quantities int[], prices bigint[],
	ordered_at timestamptz)
returns void language plpgsql security definer set search_path = public, pg_temp as $$
declare
	missing jsonb := '[]';
	changed boolean := false;
	left_over bigint;
	counted boolean;
	emptied uuid[] := '{}';
begin
	insert into sale_pending (day, variant_ids, units) values (sale_day(ordered_at), variant_ids, quantities);
	for i in 1 .. cardinality(variant_ids) loop
		if quantities[i] is null or quantities[i] < 1 then
			raise exception 'cannot reserve % pieces', quantities[i];
		end if;
		update variant v set available = v.available - quantities[i]
		where v.vendor_id = vendor_ids[i] and v.id = variant_ids[i] and v.deleted_at is null
		and v.price = prices[i] and (v.available >= quantities[i] or v.backorder or not v.tracked)
		and exists (select from product p join vendor n on n.id = p.vendor_id and n.state = 'approved'
		            where p.vendor_id = v.vendor_id and p.id = v.product_id and p.visible)
		returning v.available, v.tracked into left_over, counted;
		if counted and left_over <= 0 then
			emptied := emptied || variant_ids[i];
		elsif counted is null then
			select v.available into left_over from variant v
			join product p on p.vendor_id = v.vendor_id and p.id = v.product_id and p.visible
			join vendor n on n.id = v.vendor_id and n.state = 'approved'
			where v.vendor_id = vendor_ids[i] and v.id = variant_ids[i] and v.deleted_at is null
			and v.price = prices[i];
			if found then
				missing := missing || jsonb_build_object('variant_id', variant_ids[i],
					'requested', quantities[i], 'available', greatest(left_over, 0));
			else
				changed := true;
			end if;
		end if;
	end loop;
	if changed then
		raise exception 'The price or delivery has changed' using errcode = 'SBQ01';
	elsif missing <> '[]' then
		raise exception 'An item is out of stock' using errcode = 'SBS01',
			detail = json_build_object('out_of_stock', missing)::text;
	elsif emptied <> '{}' then
		perform refresh_in_stock(emptied);
	end if;
end $$;
grant execute on function reserve_stock(uuid[], uuid[], int[], bigint[], timestamptz) to sebez_customer;

-- Releases the stock of cancelled lines of sub-orders that is still reserved; so repeated calls never release
-- more. Locks in the order of reserve_stock over all lines: variants first, then products.
create or replace function release_stock(sub_orders uuid[]) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	held record;
	touched uuid[] := '{}';
begin
	for held in
		select r.vendor_id, r.order_line_id, r.variant_id, s.created_at, l.cancelled_quantity - r.released as quantity
		from sub_order s
		join order_line l on l.vendor_id = s.vendor_id and l.sub_order_id = s.id
		join stock_reservation r on r.vendor_id = l.vendor_id and r.order_line_id = l.id
		where s.id = any (sub_orders) and l.cancelled_quantity > r.released
		order by r.vendor_id, r.variant_id
	loop
		update stock_reservation r set released = r.released + held.quantity
		where r.vendor_id = held.vendor_id and r.order_line_id = held.order_line_id;
		update variant v set available = v.available + held.quantity
		where v.vendor_id = held.vendor_id and v.id = held.variant_id;
		insert into sale_pending (day, variant_ids, units)
		values (sale_day(held.created_at), array[held.variant_id], array[-held.quantity]);
		touched := touched || held.variant_id;
	end loop;
	perform refresh_in_stock(touched);
end $$;
grant execute on function release_stock(uuid[]) to sebez_customer, sebez_vendor, sebez_admin, sebez_jobs;

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
	perform feed_note(event_low_stock(new.vendor_id, product_id => new.product_id,
		variant_id => new.id, sku => new.sku, available => new.available));
	return null;
end $$;
