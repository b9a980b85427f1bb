-- The functions that cross a border on purpose. Each is owned by sebez_kernel, which has just the
-- grants and policies below, and each checks what it is asked before it does it.
set local role sebez_owner;

-- Bits of the roles, as in src/web/operation.h.
create function staff_role_bit(role text) returns int language sql immutable parallel safe
return case role when 'owner' then 1 when 'manager' then 2 when 'fulfilment' then 4
                 when 'support' then 8 when 'finance' then 16 else 0 end;
create function admin_role_bit(role text) returns int language sql immutable parallel safe
return case role when 'superadmin' then 1 when 'operations' then 2 when 'finance' then 4
                 when 'support' then 8 when 'moderator' then 16 else 0 end;

-- The marketplace's currency, which an amount must be in; names the field when it is not.
create function marketplace_currency(given text, field text) returns text
language plpgsql stable set search_path = public, pg_temp as $$
declare
	wanted text;
begin
	select currency into wanted from platform;
	if given <> wanted then
		raise exception 'One field is wrong.' using errcode = 'SBI01', detail = json_build_object(
			'field', field, 'code', 'currency', 'detail', format('This marketplace sells in %s.', wanted));
	end if;
	return wanted;
end $$;
grant execute on function marketplace_currency(text, text) to sebez_vendor, sebez_admin;

-- What kernel functions may touch.
grant select on account, session, staff, vendor, product, variant, category, platform, cart,
                sub_order, order_line to sebez_kernel;
grant insert on account, vendor, staff, category to sebez_kernel;
grant update (password_hash, admin_role, version, updated_at) on account to sebez_kernel;
grant update (ended_at) on session to sebez_kernel;
grant select, update (accepted_at) on staff_invitation to sebez_kernel;
grant update (visible, price, compare_at_price, in_stock, option_values) on product to sebez_kernel;
grant update (available) on variant to sebez_kernel;
grant update (version) on vendor, category to sebez_kernel; -- to hold them with FOR SHARE
grant select, update on stock_reservation to sebez_kernel;
grant select on payment to sebez_kernel;
grant update (state, received_at, received_amount) on payment to sebez_kernel;
grant select, insert, update, delete on listing to sebez_kernel;
grant execute on function staff_role_bit(text), admin_role_bit(text) to sebez_kernel;

set local role sebez_kernel;

-- The envelope. First statement of every transaction of an actor: the session must live, the
-- account must not be locked, the role must allow the operation. Then row level security knows who
-- acts. The settings are local to the transaction.
create function act_as_session(account_id uuid, session_id uuid) returns void
language plpgsql as $$ -- for those below, which have the rights and the search path
declare
	locked timestamptz;
begin
	select a.locked_at into locked
	from session s join account a on a.id = s.account_id
	where s.id = act_as_session.session_id and s.account_id = act_as_session.account_id
	and s.ended_at is null and s.expires_at > now();
	if not found then
		raise exception 'This session has ended' using errcode = 'SB401';
	end if;
	if locked is not null then
		raise exception 'This account is locked' using errcode = 'SB423';
	end if;
	perform set_config('sebez.account', act_as_session.account_id::text, true);
end $$;

create function act_as_customer(account_id uuid, session_id uuid, request_id text) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
	perform act_as_session(account_id, session_id);
	perform set_config('sebez.scope', 'customer:' || account_id, true),
	        set_config('sebez.request', request_id, true),
	        set_config('sebez.actor', 'customer', true);
end $$;

-- The token's hash, not the token, is what the policies compare.
create function act_as_guest(token text, request_id text) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	-- A guest who has no token yet is nobody, not everybody without one.
	hash text := case when token <> '' then encode(sha256(convert_to(token, 'UTF8')), 'hex') else '' end;
begin
	perform set_config('sebez.guest', hash, true),
	        set_config('sebez.scope', case when hash <> '' then 'guest:' || hash else '' end, true),
	        set_config('sebez.request', request_id, true),
	        set_config('sebez.actor', 'guest', true);
end $$;

-- A vendor that one does not work for does not exist.
create function act_as_staff(account_id uuid, session_id uuid, vendor_id uuid, roles int, request_id text)
returns void language plpgsql security definer set search_path = public, pg_temp as $$
declare
	role text;
begin
	perform act_as_session(account_id, session_id);
	select s.role into role from staff s
	where s.vendor_id = act_as_staff.vendor_id and s.account_id = act_as_staff.account_id;
	if not found then
		raise exception 'There is no such vendor' using errcode = 'SB404';
	end if;
	if staff_role_bit(role) & roles = 0 then
		raise exception 'Your role (%) does not allow this', role using errcode = 'SB403';
	end if;
	perform set_config('sebez.vendor', vendor_id::text, true),
	        set_config('sebez.scope', 'staff:' || vendor_id || ':' || account_id, true),
	        set_config('sebez.request', request_id, true),
	        set_config('sebez.actor', 'staff', true);
end $$;

create function act_as_admin(account_id uuid, session_id uuid, roles int, request_id text)
returns void language plpgsql security definer set search_path = public, pg_temp as $$
declare
	role text;
begin
	perform act_as_session(account_id, session_id);
	select a.admin_role into role from account a where a.id = act_as_admin.account_id;
	if role is null or admin_role_bit(role) & roles = 0 then
		raise exception 'Your role does not allow this' using errcode = 'SB403';
	end if;
	perform set_config('sebez.scope', 'admin:' || account_id, true),
	        set_config('sebez.request', request_id, true),
	        set_config('sebez.actor', 'admin', true);
end $$;

create function act_as_jobs(request_id text) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
	perform set_config('sebez.scope', 'jobs', true), set_config('sebez.request', request_id, true),
	        set_config('sebez.actor', 'system', true);
end $$;

-- A customer applies to sell: the vendor and its owner are made together. Returns the vendor, for a
-- customer may not read what only staff see.
create function vendor_apply(vendor_id uuid, slug text, name text, description text, logo_text text,
                             contact_email text, contact_phone text) returns vendor
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	made vendor;
begin
	if current_account() is null then
		raise exception 'Sign in first' using errcode = 'SB401';
	end if;
	insert into vendor (id, slug, name, description, logo_text, contact_email, contact_phone)
	values (vendor_id, slug, name, coalesce(description, ''), coalesce(logo_text, ''),
	        coalesce(contact_email, (select a.email from account a where a.id = current_account())),
	        contact_phone)
	returning * into made;
	insert into staff (vendor_id, account_id, role) values (vendor_id, current_account(), 'owner');
	return made;
end $$;

-- The signed-in account becomes staff by an invitation that was sent to its e-mail address. One that
-- is used, revoked, expired or somebody else's does not exist.
create function invitation_accept(token text) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	invitation staff_invitation;
begin
	select i.* into invitation from staff_invitation i
	join vendor v on v.id = i.vendor_id and v.state not in ('rejected', 'closed')
	where i.token_hash = sha256(convert_to(token, 'UTF8'))
	and i.email = (select a.email from account a where a.id = current_account())
	and i.accepted_at is null and i.revoked_at is null and i.expires_at > now()
	for update of i;
	if not found then
		raise exception 'There is no such invitation for you' using errcode = 'SB404';
	end if;
	insert into staff (vendor_id, account_id, role)
	values (invitation.vendor_id, current_account(), invitation.role) on conflict do nothing;
	if not found then
		raise exception 'You work for this vendor already' using errcode = 'SB409';
	end if;
	update staff_invitation i set accepted_at = now()
	where i.vendor_id = invitation.vendor_id and i.id = invitation.id;
end $$;

-- A superadmin from the command line: a new account, or an existing one, which then has this password
-- and no old session. No role that serves requests may call it.
create function account_make_admin(id uuid, email text, name text, password_hash text) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
	made uuid;
begin
	insert into account as a (id, email, name, password_hash, admin_role)
	values (account_make_admin.id, lower(account_make_admin.email), account_make_admin.name,
	        account_make_admin.password_hash, 'superadmin')
	on conflict (email) do update
	set admin_role = 'superadmin', password_hash = excluded.password_hash, version = a.version + 1,
	    updated_at = now()
	returning a.id into made;
	update session s set ended_at = now() where s.account_id = made and s.ended_at is null;
end $$;

-- The category of an imported product type, such as "Outdoor" or "Home > Lamps", made when missing.
create function category_for_type(product_type text) returns uuid
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	part text;
	part_slug text;
	parent uuid;
	found_id uuid;
begin
	foreach part in array regexp_split_to_array(product_type, '\s*>\s*') loop
		part := left(trim(part), 120);
		part_slug := left(trim(both '-' from regexp_replace(lower(part), '[^a-z0-9]+', '-', 'g')), 120);
		continue when part_slug = '';
		select c.id into found_id from category c
		where c.slug = part_slug and (parent is null or c.parent_id = parent)
		order by c.parent_id nulls first limit 1;
		if not found and parent is not null then
			part_slug := left((select c.slug from category c where c.id = parent) || '-' || part_slug, 120);
		end if;
		if found_id is null then
			insert into category (id, parent_id, slug, name, path)
			values (gen_random_uuid(), parent, trim(both '-' from part_slug), part, '{}')
			on conflict (slug) do nothing;
			select c.id into found_id from category c where c.slug = trim(both '-' from part_slug);
		end if;
		parent := found_id;
		found_id := null;
	end loop;
	return parent;
end $$;

-- Recomputes what products derive from their variants, their vendor and their status, and the
-- listing rows that follow. Called in the transaction of every write that could change them.
create function refresh_products(product_ids uuid[]) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
	-- In one order, so that two refreshes never wait for each other in a ring. Vendors and categories
	-- are held as they are: whoever changes them locks their products first, too.
	perform from product p where p.id = any (product_ids) order by p.id for no key update;
	perform from vendor v
	where v.id in (select p.vendor_id from product p where p.id = any (product_ids)) order by v.id for share;
	perform from category c
	where c.id in (select p.category_id from product p where p.id = any (product_ids)) order by c.id for share;

	update product p
	set visible = d.visible, price = coalesce(d.price, 0), compare_at_price = d.compare_at_price,
	    in_stock = d.in_stock, option_values = d.option_values
	from (
		select p.id, p.status = 'active' and p.unlisted_at is null and c.price is not null as visible,
		       c.price, c.compare_at_price, s.in_stock, o.option_values
		from product p
		left join lateral (
			select x.price, x.compare_at_price from variant x
			where x.vendor_id = p.vendor_id and x.product_id = p.id and x.deleted_at is null
			order by x.price, x.position limit 1) c on true
		cross join lateral (
			select coalesce(bool_or(x.available > 0 or x.backorder), false) as in_stock from variant x
			where x.vendor_id = p.vendor_id and x.product_id = p.id and x.deleted_at is null) s
		cross join lateral (
			select coalesce(array_agg(distinct lower(o.value ->> 'name') || ':' || lower(case o.position
				when 1 then x.option1 when 2 then x.option2 else x.option3 end)), '{}') as option_values
			from variant x, json_array_elements(p.options) with ordinality as o (value, position)
			where x.vendor_id = p.vendor_id and x.product_id = p.id and x.deleted_at is null) o
		where p.id = any (product_ids)
	) d
	where p.id = d.id and (p.visible, p.price, p.compare_at_price, p.in_stock, p.option_values)
	      is distinct from (d.visible, coalesce(d.price, 0), d.compare_at_price, d.in_stock, d.option_values);

	delete from listing l using product p, vendor v
	where l.product_id = any (product_ids) and p.id = l.product_id and v.id = p.vendor_id
	and not (p.visible and v.state = 'approved' and (l.category_id = '00000000-0000-0000-0000-000000000000'
	         or l.category_id in (select unnest(c.path) from category c where c.id = p.category_id)));

	insert into listing (category_id, product_id, vendor_id, created_at, price, sold)
	select k.category_id, p.id, p.vendor_id, p.created_at, p.price, p.sold
	from product p
	left join category c on c.id = p.category_id
	cross join lateral (select '00000000-0000-0000-0000-000000000000'::uuid as category_id
	                    union all select unnest(c.path)) k
	where p.id = any (product_ids) and p.visible
	and exists (select from vendor v where v.id = p.vendor_id and v.state = 'approved')
	on conflict (product_id, category_id) do update
	set price = excluded.price, sold = excluded.sold, created_at = excluded.created_at
	where (listing.price, listing.sold, listing.created_at)
	      is distinct from (excluded.price, excluded.sold, excluded.created_at);
end $$;

-- A vendor's products leave the shop with its approval and come back with it. Only the listing is
-- written: what a product is by itself stays, so that a hundred thousand of them take a second or two.
create function refresh_vendor(vendor uuid) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
	perform from vendor v where v.id = vendor and v.state = 'approved' for no key update;
	if not found then
		delete from listing l where l.vendor_id = vendor;
		return;
	end if;
	insert into listing (category_id, product_id, vendor_id, created_at, price, sold)
	select k.category_id, p.id, p.vendor_id, p.created_at, p.price, p.sold
	from product p
	left join category c on c.id = p.category_id
	cross join lateral (select '00000000-0000-0000-0000-000000000000'::uuid as category_id
	                    union all select unnest(c.path)) k
	where p.vendor_id = vendor and p.visible
	on conflict (product_id, category_id) do nothing;
end $$;

-- Whether the products of variants that ran out, or came back, are in stock. Products are locked in
-- one order, after their variants.
create function refresh_in_stock(variant_ids uuid[]) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	product record;
begin
	for product in
		select distinct v.vendor_id, v.product_id from variant v where v.id = any (variant_ids)
		order by v.product_id
	loop
		update product p set in_stock = not p.in_stock
		where p.vendor_id = product.vendor_id and p.id = product.product_id
		and p.in_stock <> exists (select from variant x where x.vendor_id = p.vendor_id
			and x.product_id = p.id and x.deleted_at is null and (x.available > 0 or x.backorder));
	end loop;
end $$;

-- Takes the goods of an order: each variant conditionally, in the order given, which the caller
-- sorts by (vendor, variant), so that any two orders lock alike and never in a ring. Raises with
-- all that failed: SBS01 when something ran out, SBQ01 when it is sold otherwise than was quoted.
create function reserve_stock(vendor_ids uuid[], variant_ids uuid[], quantities int[], prices bigint[])
returns void language plpgsql security definer set search_path = public, pg_temp as $$
declare
	missing jsonb := '[]';
	changed boolean := false;
	left_over int;
	emptied uuid[] := '{}';
begin
	for i in 1 .. cardinality(variant_ids) loop
		update variant v set available = v.available - quantities[i]
		where v.vendor_id = vendor_ids[i] and v.id = variant_ids[i] and v.deleted_at is null
		and v.price = prices[i] and (v.available >= quantities[i] or v.backorder)
		and exists (select from product p join vendor n on n.id = p.vendor_id and n.state = 'approved'
		            where p.vendor_id = v.vendor_id and p.id = v.product_id and p.visible)
		returning v.available into left_over;
		if found and left_over <= 0 then
			emptied := emptied || variant_ids[i];
		elsif not found then
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
		raise exception 'Something is out of stock' using errcode = 'SBS01',
			detail = json_build_object('out_of_stock', missing)::text;
	elsif emptied <> '{}' then
		perform refresh_in_stock(emptied);
	end if;
end $$;

-- Gives back what the lines of sub-orders count as cancelled and still hold; so it never gives back
-- more, however often it is called. In reserve_stock's order over all of them: variants first, then
-- products.
create function release_stock(sub_orders uuid[]) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	held record;
	touched uuid[] := '{}';
begin
	for held in
		select r.vendor_id, r.order_line_id, r.variant_id, l.cancelled_quantity - r.released as quantity
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
		touched := touched || held.variant_id;
	end loop;
	perform refresh_in_stock(touched);
end $$;

-- What the cancelled parts of orders make of their payments; says what is so and nothing else, so
-- anybody who may move a sub-order may call it. Payments are locked after sub-orders, before stock.
create function settle_payments(sub_orders uuid[]) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
	one record;
begin
	for one in
		select p.id, p.order_id from payment p
		where p.order_id in (select s.order_id from sub_order s where s.id = any (sub_orders))
		order by p.id for no key update
	loop
		-- Cash is in hand once everything that was not cancelled has been handed over.
		update payment p
		set state = 'received', received_at = now(), received_amount = p.amount - d.cancelled
		from (select sum(s.cancelled_total) as cancelled from sub_order s where s.order_id = one.order_id
		      having bool_and(s.state in ('delivered', 'completed', 'cancelled'))
		      and bool_or(s.state <> 'cancelled')) d
		where p.id = one.id and p.method = 'cash_on_delivery' and p.received_at is null;

		update payment p set state = d.state
		from (select case
				when p.received_at is not null and p.received_amount > p.amount - sum(s.cancelled_total)
					then 'refund_due'
				when p.received_at is not null then 'received'
				when bool_and(s.state = 'cancelled') then 'cancelled'
				else 'pending' end as state
			from payment p join sub_order s on s.order_id = p.order_id
			where p.id = one.id
			group by p.id) d
		where p.id = one.id and p.state <> d.state;
	end loop;
end $$;

-- The cart becomes an order: only the cart that was quoted, and only once.
set local role sebez_owner;
create function cart_to_order(cart uuid, quoted_version int) returns void
language plpgsql set search_path = public, pg_temp as $$
begin
	update cart set state = 'ordered', updated_at = now()
	where id = cart_to_order.cart and state = 'open' and version = quoted_version;
	if not found then
		raise exception 'The cart was changed or ordered in the meantime' using errcode = 'SBC01';
	end if;
end $$;
grant execute on function cart_to_order(uuid, int) to sebez_customer;

set local role sebez_kernel;
grant execute on function act_as_customer(uuid, uuid, text), act_as_guest(text, text) to sebez_customer;
grant execute on function act_as_staff(uuid, uuid, uuid, int, text) to sebez_vendor;
grant execute on function act_as_admin(uuid, uuid, int, text) to sebez_admin;
grant execute on function act_as_jobs(text) to sebez_jobs;
grant execute on function vendor_apply(uuid, text, text, text, text, text, text) to sebez_customer;
grant execute on function invitation_accept(text) to sebez_customer;
grant execute on function account_make_admin(uuid, text, text, text) to sebez_jobs;
grant execute on function reserve_stock(uuid[], uuid[], int[], bigint[]) to sebez_customer;
grant execute on function release_stock(uuid[]), settle_payments(uuid[])
	to sebez_customer, sebez_vendor, sebez_admin, sebez_jobs;
grant execute on function refresh_vendor(uuid) to sebez_admin;
grant execute on function refresh_products(uuid[]) to sebez_vendor, sebez_admin, sebez_jobs;
grant execute on function category_for_type(text) to sebez_vendor, sebez_admin;
