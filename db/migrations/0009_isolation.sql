-- Who may touch what: grants first (which tables and columns), then row level security (which
-- rows), forced for the owner too. What is not here is refused.
set local role sebez_owner;

-- Grants ---------------------------------------------------------------------------------------

grant execute on function order_status(text[]), json_time(timestamptz) to sebez_customer, sebez_vendor, sebez_admin, sebez_jobs;
grant execute on function option_values(json, text, text, text), stock_reserved(uuid, uuid)
	to sebez_vendor, sebez_admin;
grant execute on function order_adds_up(), audit(), category_path() to public;

-- What is published.
grant select on category, listing, shipping_method, platform to sebez_public, sebez_customer, sebez_vendor;
grant select (id, slug, name, description, logo_text, state, created_at, approved_at,
              commission_basis_points) on vendor to sebez_public, sebez_customer;
grant select on product, variant to sebez_public, sebez_customer;

-- Accounts: sign-in and nothing else.
grant select, insert (id, email, name, password_hash),
      update (name, password_hash, version, updated_at) on account to sebez_auth;
grant select, insert, update (used_at, expires_at, ended_at) on session to sebez_auth;
grant select, insert, update (used_at) on refresh_token to sebez_auth;
grant select on staff, vendor to sebez_auth;
grant select, update, insert, delete on cart, cart_line to sebez_auth; -- merging a guest's cart

-- A customer.
grant select (id, email, name, admin_role, version, created_at, locked_at) on account to sebez_customer;
grant update (name, version, updated_at) on account to sebez_customer;
grant select, update (ended_at) on session to sebez_customer;
grant select, insert, update, delete on address to sebez_customer;
grant select, insert, update on cart to sebez_customer;
grant select, insert, update, delete on cart_line to sebez_customer;
grant select, insert on shop_order, sub_order, order_line, stock_reservation, sub_order_history,
                        payment, payment_share to sebez_customer;
grant insert on commission_line, outbox to sebez_customer;
grant update (state, cancelled_total, deadline_at, ship_by, cancel_reason, version, updated_at)
	on sub_order to sebez_customer;
grant update (cancelled_quantity) on order_line to sebez_customer;
grant select on shipment, shipment_line to sebez_customer;
grant update (delivered_at) on shipment to sebez_customer;
grant select on staff to sebez_customer;

-- Staff of a vendor.
grant select (id, email, name) on account to sebez_vendor;
grant select on vendor to sebez_vendor;
grant update (name, description, logo_text, contact_email, contact_phone, version, updated_at)
	on vendor to sebez_vendor;
grant select, insert, update, delete on staff, staff_invitation, shipping_method to sebez_vendor;
grant select, insert, update on product, variant to sebez_vendor;
grant select, insert on stock_adjustment to sebez_vendor;
grant select on sub_order, order_line, commission_line, stock_reservation, payment_share to sebez_vendor;
grant update (state, cancelled_total, deadline_at, ship_by, cancel_reason, version, updated_at)
	on sub_order to sebez_vendor;
grant update (cancelled_quantity, shipped_quantity) on order_line to sebez_vendor;
grant select, insert on sub_order_history to sebez_vendor;
grant select, insert, update on shipment, shipment_line to sebez_vendor;
grant insert on outbox to sebez_vendor;
grant select (id, method, state, received_at) on payment to sebez_vendor; -- not the whole order's amount

-- Admins see all of the marketplace, and no password.
grant select on vendor, staff, staff_invitation, shipping_method, platform, category, product, variant,
	stock_adjustment, listing, shop_order, sub_order, order_line, stock_reservation, commission_line,
	sub_order_history, shipment, shipment_line, payment, payment_share, audit_log, session
	to sebez_admin;
grant select (id, email, name, admin_role, locked_at, locked_reason, version, created_at, updated_at)
	on account to sebez_admin;
grant update (locked_at, locked_reason, admin_role, version, updated_at) on account to sebez_admin;
grant update (ended_at) on session to sebez_admin;
grant update on vendor, platform, category to sebez_admin;
grant insert, delete on category to sebez_admin;
grant update (unlisted_at, unlisted_reason, category_id, version, updated_at) on product to sebez_admin;
grant update (state, cancelled_total, deadline_at, ship_by, cancel_reason, version, updated_at)
	on sub_order to sebez_admin;
grant update (cancelled_quantity, shipped_quantity) on order_line to sebez_admin;
grant update (state, reference, received_at, received_by, received_amount) on payment to sebez_admin;
grant insert on sub_order_history, outbox to sebez_admin;
grant insert, update on shipment, shipment_line to sebez_admin;

-- The clock.
grant select (id, email, name, locked_at, created_at) on account to sebez_jobs;
grant select on vendor, platform, category, product, variant, listing, shop_order, sub_order,
	order_line, stock_reservation, payment, payment_share, shipment to sebez_jobs;
grant update (state, cancelled_total, deadline_at, ship_by, cancel_reason, version, updated_at)
	on sub_order to sebez_jobs;
grant update (cancelled_quantity) on order_line to sebez_jobs;
grant update (sold) on product to sebez_jobs;
grant update (sold) on listing to sebez_jobs;
grant select, insert on sub_order_history to sebez_jobs;
grant select, insert, update, delete on outbox to sebez_jobs;
grant select, delete on session, refresh_token, idempotency_key, cart, cart_line, staff_invitation
	to sebez_jobs;

grant select, insert, update, delete on idempotency_key to sebez_customer, sebez_vendor, sebez_admin;

-- Rows -----------------------------------------------------------------------------------------

do $$
declare
	t text;
	who text;
begin
	foreach t in array array['account', 'session', 'refresh_token', 'address', 'vendor', 'staff',
		'staff_invitation', 'shipping_method', 'product', 'variant', 'stock_adjustment', 'cart', 'cart_line',
		'shop_order', 'sub_order', 'order_line', 'stock_reservation', 'commission_line',
		'sub_order_history', 'shipment', 'shipment_line', 'payment', 'payment_share', 'idempotency_key',
		'outbox', 'audit_log'] loop
		execute format('alter table %I enable row level security, force row level security', t);
		-- Admins and the clock see every row of what they were granted; the owner, whose
		-- definer functions check and audit, too; the kernel likewise.
		execute format('create policy everything on %I to sebez_admin, sebez_jobs, sebez_kernel, '
			'sebez_owner using (true) with check (true)', t);
	end loop;
	foreach t in array array['account', 'session', 'refresh_token', 'staff', 'vendor', 'cart', 'cart_line'] loop
		execute format('create policy sign_in on %I to sebez_auth using (true) with check (true)', t);
	end loop;
	-- A vendor's rows, for its staff.
	foreach t in array array['staff', 'staff_invitation', 'shipping_method', 'product', 'variant',
		'stock_adjustment', 'sub_order', 'order_line', 'stock_reservation', 'commission_line',
		'sub_order_history', 'shipment', 'shipment_line', 'payment_share'] loop
		execute format('create policy of_vendor on %I to sebez_vendor using (vendor_id = current_vendor()) '
			'with check (vendor_id = current_vendor())', t);
	end loop;
	-- A customer's rows that name the customer.
	foreach t in array array['address', 'session', 'shop_order', 'sub_order', 'order_line', 'payment',
		'payment_share', 'staff'] loop
		execute format('create policy of_customer on %I to sebez_customer using (account_id = current_account()) '
			'with check (account_id = current_account())', t);
	end loop;
	-- A customer's rows that hang on one that does.
	foreach t in array array['stock_reservation', 'sub_order_history', 'commission_line', 'shipment'] loop
		execute format('create policy of_customer on %I to sebez_customer using (exists (select from %I parent '
			'where parent.vendor_id = %I.vendor_id and parent.id = %I.%I)) with check (true)', t,
			case t when 'stock_reservation' then 'order_line' else 'sub_order' end, t, t,
			case t when 'stock_reservation' then 'order_line_id' else 'sub_order_id' end);
	end loop;
	-- Whoever acts keeps its own idempotency keys, and may drop effects into the outbox.
	foreach who in array array['sebez_customer', 'sebez_vendor'] loop
		execute format('create policy %I on idempotency_key to %I using (scope = current_scope()) '
			'with check (scope = current_scope())', who, who);
		execute format('create policy %I on outbox for insert to %I with check (true)', who, who);
	end loop;
end $$;

create policy of_vendor on payment for select to sebez_vendor
	using (exists (select from payment_share h where h.payment_id = payment.id
	               and h.vendor_id = current_vendor()));
create policy own on account to sebez_customer using (id = current_account())
	with check (id = current_account());
create policy colleagues on account for select to sebez_vendor
	using (id in (select s.account_id from staff s where s.vendor_id = current_vendor()));
create policy own on vendor to sebez_vendor using (id = current_vendor()) with check (id = current_vendor());
create policy shipment_line_own on shipment_line for select to sebez_customer
	using (exists (select from shipment s where s.vendor_id = shipment_line.vendor_id
	               and s.id = shipment_line.shipment_id));
-- Both arms of the first are those of an index, so that an open cart is found without reading others';
-- the second asks for each line's cart, so that the account's old carts are not gathered first.
create policy own on cart to sebez_customer
	using (account_id = current_account() or account_id is null and guest_hash = current_guest())
	with check (account_id = current_account() or account_id is null and guest_hash = current_guest());
create policy own on cart_line to sebez_customer
	using (exists (select from cart c where c.id = cart_line.cart_id))
	with check (exists (select from cart c where c.id = cart_line.cart_id));

-- What is published, for everybody who shops.
create policy published on vendor for select to sebez_public, sebez_customer using (state = 'approved');
-- Named so that it comes after the cheap one above: policies are asked in the order of their names.
create policy sold_to_me on vendor for select to sebez_customer
	using (exists (select from shop_order o join sub_order s on s.order_id = o.id and s.vendor_id = vendor.id
	               where o.account_id = current_account())
	       or exists (select from staff s where s.vendor_id = vendor.id and s.account_id = current_account()));
create policy published on shipping_method for select to sebez_public, sebez_customer using (active);
create policy published on product for select to sebez_public, sebez_customer
	using (visible and exists (select from vendor v where v.id = product.vendor_id and v.state = 'approved'));
create policy published on variant for select to sebez_public, sebez_customer
	using (deleted_at is null and exists (select from product p where p.vendor_id = variant.vendor_id
	                                      and p.id = variant.product_id and p.visible));
