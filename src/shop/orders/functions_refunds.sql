-- Refunds of what was shipped. docs/MONEY.md, "Refunds".
set local role sebez_kernel;

-- Ends the request: this field is not valid.
create or replace function refuse_field(field text, code text, why text) returns void
language plpgsql set search_path = public, pg_temp as $$
begin
	raise exception 'A field is not valid.' using errcode = 'SBI01', detail = json_build_object(
		'field', field, 'code', code, 'detail', why);
end $$;

-- Refuses lines that are not of the sub-order, are listed twice, or of which less is left to be refunded. What is being
-- returned is refunded with its return only.
create or replace function check_refund_lines(s sub_order, lines uuid[], quantities int[]) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
	wrong record;
begin
	select n.number - 1 as number, l.id, l.remaining - l.being_returned as remaining, n.repeated, l.being_returned
	into wrong
	from (select u.line, u.quantity, u.number, row_number() over (partition by u.line order by u.number) > 1 as repeated
	      from unnest(lines, quantities) with ordinality u (line, quantity, number)) n
	left join lateral (
		select x.id, x.shipped_quantity - x.refunded_quantity as remaining, coalesce((
			select sum(y.quantity) from goods_return_line y
			join goods_return o on o.vendor_id = y.vendor_id and o.id = y.return_id
			where y.vendor_id = x.vendor_id and y.order_line_id = x.id and o.state = any (return_open_states())
			and o.id::text is distinct from current_setting('sebez.refunded_return', true)), 0) as being_returned
		from order_line x where x.vendor_id = s.vendor_id and x.sub_order_id = s.id and x.id = n.line) l on true
	where l.id is null or n.repeated or n.quantity > l.remaining - l.being_returned
	order by n.number limit 1;
	if wrong.number is not null and wrong.id is null then
		perform refuse_field(format('/lines/%s/line_id', wrong.number), 'unknown',
			'This line is not part of the sub-order.');
	elsif wrong.repeated then
		perform refuse_field(format('/lines/%s/line_id', wrong.number), 'duplicate', 'This line is listed twice.');
	elsif wrong.number is not null then
		perform refuse_field(format('/lines/%s/quantity', wrong.number), 'maximum',
			format('At most %s of this line can be refunded', wrong.remaining) || case when wrong.being_returned > 0
				then format('; %s are being returned: refund or refuse that return.', wrong.being_returned)
				else '.' end);
	end if;
end $$;

-- Grants a refund of a sub-order, which the caller has locked and may see: so many of these lines, of the shipping, and
-- as goodwill. What is owed of the sub-order is computed again from its lines, and the refund is what this is less than
-- before. Payments, journals and the stock follow. Returns the amount.
create or replace function refund_sub_order(refund uuid, of_sub_order uuid, lines uuid[], quantities int[],
	restocks boolean[], shipping_back bigint, given bigint, given_by text, why text) returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	s sub_order;
	keeps boolean;
	gone bigint;
	owed_less bigint;
begin
	select * into strict s from sub_order x where x.id = of_sub_order;
	if s.state not in ('shipped', 'delivered', 'completed') or s.received_at is null then
		raise exception 'Only what was shipped and paid is refunded; before, it is cancelled.' using errcode = 'SB409';
	end if;
	perform check_refund_lines(s, lines, quantities);
	if shipping_back > s.shipping - s.refunded_shipping then
		perform refuse_field('/shipping/amount', 'maximum',
			format('At most %s of the shipping can be refunded.', s.shipping - s.refunded_shipping));
	end if;

	select refund_keeps_commission into keeps from platform;
	update order_line l set refunded_quantity = l.refunded_quantity + n.quantity,
		commissioned_quantity = l.commissioned_quantity + case when keeps then n.quantity else 0 end
	from unnest(lines, quantities) n (line, quantity)
	where l.vendor_id = s.vendor_id and l.id = n.line;
	select sub_order_gone(sum(l.price * (l.cancelled_quantity + l.refunded_quantity)), s.subtotal, s.percent_fee,
		s.discount, s.tax, s.refunded_shipping + shipping_back) into gone
	from order_line l where l.vendor_id = s.vendor_id and l.sub_order_id = s.id;
	if given > greatest(s.total - gone - s.goodwill - s.platform_goodwill, 0) then
		perform refuse_field('/goodwill/amount', 'maximum', format('At most %s is left to be refunded.',
			greatest(s.total - gone - s.goodwill - s.platform_goodwill, 0)));
	end if;
	owed_less := least(s.total, gone + s.goodwill + s.platform_goodwill + given) - s.cancelled_total;
	if owed_less = 0 and cardinality(lines) = 0 then
		raise exception 'Nothing is left to be refunded.' using errcode = 'SB409';
	end if;

	update sub_order x set cancelled_total = x.cancelled_total + owed_less,
		refunded_shipping = x.refunded_shipping + shipping_back,
		uncommissioned_shipping = x.uncommissioned_shipping + case when keeps then 0 else shipping_back end,
		goodwill = x.goodwill + case given_by when 'vendor' then given else 0 end,
		platform_goodwill = x.platform_goodwill + case given_by when 'marketplace' then given else 0 end,
		version = x.version + 1, updated_at = now()
	where x.vendor_id = s.vendor_id and x.id = s.id;
	insert into sub_order_refund (vendor_id, id, sub_order_id, account_id, amount, currency, shipping, goodwill,
	                              goodwill_by, commission_kept, reason, actor, actor_id)
	values (s.vendor_id, refund, s.id, s.account_id, owed_less, s.currency, shipping_back, given,
	        case when given > 0 then given_by end, keeps, why, current_setting('sebez.actor', true), current_account());
	insert into sub_order_refund_line (vendor_id, refund_id, order_line_id, account_id, quantity, restocked)
	select s.vendor_id, refund, n.line, s.account_id, n.quantity, n.restocked
	from unnest(lines, quantities, restocks) n (line, quantity, restocked);
	perform settle_payments(array[s.id], 'refund_granted');
	perform restock_refunded(s.vendor_id, refund);
	perform invoice_credit(s.id, refund);
	return owed_less;
end $$;
grant execute on function refund_sub_order(uuid, uuid, uuid[], int[], boolean[], bigint, bigint, text, text) to
	sebez_vendor, sebez_admin, sebez_jobs;
