-- Orders, one sub-order per vendor, and their lines, shipments and payments. Amounts as sold never change.
-- Later cancellations are counted separately.
--
-- The tables that placing an order writes have no foreign keys: each would be checked for every row, and those to
-- accounts, vendors, products and variants lock rows that other orders lock, too. Instead, rows that orders refer
-- to are never deleted and keep their keys, and references of orders never change (the triggers `kept`). That
-- they refer to rows when they are written: the account is the one that the envelope found (policies), the cart
-- the one that orders_insert has taken, vendors and variants those from which reserve_stock() takes; an order,
-- its sub-orders, lines and payment are held together by orders_add_up(). checks.sql looks for what they missed.
set local role sebez_owner;

create table shop_order (
	id               uuid primary key,
	-- For people, on the phone: K7Q4-M2XD. In byte order, for prefix searches.
	number           text collate "C" not null unique,
	account_id       uuid not null,
	cart_id          uuid not null unique, -- a cart becomes at most one order
	currency         text not null,
	subtotal         bigint not null check (subtotal >= 0),
	shipping         bigint not null check (shipping >= 0),
	discount         bigint not null default 0 check (discount >= 0),
	tax              bigint not null default 0 check (tax >= 0),
	fee              bigint not null default 0 check (fee >= 0),
	total            bigint not null,
	shipping_address json not null,
	note             text,
	created_at       timestamptz not null default now(),
	check (total = subtotal + shipping - discount + tax + fee)
);
create index shop_order_account on shop_order (account_id, id);
-- After the statement that inserts the order and what belongs to it.
create trigger orders_add_up after insert on shop_order
	referencing new table as written for each statement execute function orders_add_up();
create trigger orders_add_up_later after update on shop_order
	referencing new table as written for each statement execute function orders_add_up();
create trigger kept before delete or update of id, account_id, cart_id on shop_order
	for each row execute function kept();

grant select, insert on shop_order to sebez_customer, sebez_jobs; -- jobs: orders placed together
grant select on shop_order to sebez_admin, sebez_kernel;
alter table shop_order enable row level security, force row level security;
create policy everything on shop_order to sebez_admin, sebez_jobs, sebez_kernel, sebez_owner
	using (true) with check (true);
create policy of_customer on shop_order to sebez_customer
	using (account_id = current_account()) with check (account_id = current_account());

create table sub_order (
	vendor_id        uuid not null,
	id               uuid not null,
	order_id         uuid not null,
	account_id       uuid not null,
	number           text collate "C" not null unique, -- K7Q4-M2XD-1
	state            text not null check (state in (:SubOrderStatus)),
	currency         text not null,
	subtotal         bigint not null check (subtotal >= 0),
	shipping         bigint not null check (shipping >= 0),
	discount         bigint not null default 0 check (discount >= 0),
	tax              bigint not null default 0 check (tax >= 0),
	fee              bigint not null default 0 check (fee >= 0),
	total            bigint not null,
	-- What of the total is no longer owed: cancelled, or refunded later. sub_order_gone().
	cancelled_total  bigint not null default 0 check (cancelled_total between 0 and total),
	shipping_method_id   uuid,
	shipping_method_name text not null,
	handling_days    int not null,
	-- Copied from shop_order, which vendors cannot read.
	customer_name    text not null,
	shipping_address json not null,
	note             text,
	deadline_at      timestamptz, -- time of the next automatic transition; null: none
	ship_by          timestamptz, -- set on acceptance: handling_days later
	cancel_reason    text,
	version          int not null default 1,
	created_at       timestamptz not null default now(),
	updated_at       timestamptz not null default now(),
	percent_fee      bigint not null default 0 check (percent_fee between 0 and fee),
	-- Its share of the payment: total, of which total - cancelled_total is due.
	payment_state    text not null default 'pending' check (payment_state in (:PaymentStatus)),
	received_at      timestamptz,
	received_amount  bigint check (received_amount between 0 and total),
	refunded_amount  bigint not null default 0,
	-- What was granted after shipping, beside lines: refund_sub_order().
	refunded_shipping bigint not null default 0 check (refunded_shipping between 0 and shipping),
	-- Of it, that of which the commission was given back.
	uncommissioned_shipping bigint not null default 0
		check (uncommissioned_shipping between 0 and refunded_shipping),
	goodwill         bigint not null default 0 check (goodwill >= 0), -- of the vendor
	platform_goodwill bigint not null default 0 check (platform_goodwill >= 0), -- of the marketplace
	primary key (vendor_id, id),
	unique (id),
	unique (order_id, vendor_id),
	check (total = subtotal + shipping - discount + tax + fee),
	check ((received_at is not null) = (payment_state in ('received', 'refund_due', 'refunded'))
	       and (received_at is null) = (received_amount is null)),
	check (refunded_amount between 0 and coalesce(received_amount, 0))
);
create index sub_order_deadline on sub_order (deadline_at) where deadline_at is not null;
-- For sync: open sub-orders, newest first, among all ever bought.
create index sub_order_open_account on sub_order (account_id, order_id)
	where state not in ('completed', 'cancelled');
create index sub_order_vendor_state on sub_order (vendor_id, state, id);
-- For the queue, due first; without a deadline last.
create index sub_order_vendor_due on sub_order (vendor_id, state,
	coalesce(case when state = 'placed' then deadline_at else ship_by end, timestamptz '9999-12-31 00:00Z'), id)
	where state in ('placed', 'accepted', 'packed', 'partially_shipped');
create trigger kept before delete or update of vendor_id, id, order_id, account_id on sub_order
	for each row execute function kept();
-- What becomes of the money is audited with the payment.
create trigger audit after insert or delete or update of
	state, cancelled_total, deadline_at, ship_by, cancel_reason, version on sub_order for each row
	when (current_setting('sebez.actor', true) in ('staff', 'admin')) execute function audit();

grant select, insert, update (state, cancelled_total, deadline_at, ship_by, cancel_reason, version, updated_at) on
	sub_order to sebez_customer;
grant select, update (state, cancelled_total, deadline_at, ship_by, cancel_reason, version, updated_at) on
	sub_order to sebez_vendor, sebez_admin, sebez_jobs;
grant insert on sub_order to sebez_jobs;
grant update (payment_state, received_at, received_amount, refunded_amount) on sub_order to sebez_admin, sebez_jobs;
grant select, update (payment_state, received_at, received_amount, refunded_amount, cancelled_total, refunded_shipping,
	uncommissioned_shipping, goodwill, platform_goodwill, version, updated_at) on sub_order to sebez_kernel;
alter table sub_order enable row level security, force row level security;
create policy everything on sub_order to sebez_admin, sebez_jobs, sebez_kernel, sebez_owner
	using (true) with check (true);
create policy of_customer on sub_order to sebez_customer
	using (account_id = current_account()) with check (account_id = current_account());
create policy of_vendor on sub_order to sebez_vendor
	using (vendor_id = current_vendor()) with check (vendor_id = current_vendor());

create table order_line (
	vendor_id          uuid not null,
	id                 uuid not null,
	sub_order_id       uuid not null,
	account_id         uuid not null,
	position           int not null,
	product_id         uuid not null,
	variant_id         uuid not null,
	title              text not null,
	variant_title      text not null,
	sku                text,
	image              text, -- JSON of the picture as it was sold
	quantity           int not null check (quantity > 0),
	price              bigint not null check (price >= 0),
	total              bigint not null,
	cancelled_quantity int not null default 0,
	shipped_quantity   int not null default 0,
	-- Of the cancelled quantity, what release_stock() has returned to the variant; the line holds the rest.
	released_quantity  int not null default 0,
	-- Of the shipped quantity, what was refunded, and of that, of how many the commission was not given back.
	refunded_quantity  int not null default 0,
	commissioned_quantity int not null default 0,
	-- The platform's commission on the line, fixed at sale; never shown to customers.
	commission_basis_points int not null,
	commission         bigint not null check (commission between 0 and total),
	commission_rule_id uuid, -- of the version of the rule; null: the vendor's or the marketplace's rate
	shipping_commission bigint not null default 0 check (shipping_commission >= 0), -- on its share of the shipping
	commission_tax_basis_points int not null default 0, -- tax on both
	primary key (vendor_id, id),
	check (total = price * quantity),
	check (cancelled_quantity >= 0 and shipped_quantity >= 0
	       and cancelled_quantity + shipped_quantity <= quantity),
	check (released_quantity between 0 and cancelled_quantity),
	check (refunded_quantity between 0 and shipped_quantity),
	check (commissioned_quantity between 0 and refunded_quantity)
);
create index order_line_open on order_line (vendor_id, variant_id)
	where cancelled_quantity + shipped_quantity < quantity;
create index order_line_sub_order on order_line (vendor_id, sub_order_id, position);
create trigger kept before delete or update of vendor_id, id, sub_order_id, account_id, product_id, variant_id
	on order_line for each row execute function kept();
create trigger audit after update of cancelled_quantity, shipped_quantity, refunded_quantity on order_line for each row
	when (current_setting('sebez.actor', true) in ('staff', 'admin')) execute function audit();

grant select (vendor_id, id, sub_order_id, account_id, position, product_id, variant_id, title, variant_title, sku,
	image, quantity, price, total, cancelled_quantity, shipped_quantity, released_quantity, refunded_quantity),
	insert,
	update (cancelled_quantity) on order_line to sebez_customer;
grant select, update (cancelled_quantity, shipped_quantity) on order_line to sebez_vendor, sebez_admin;
grant select, insert, update (cancelled_quantity) on order_line to sebez_jobs;
grant select, update (released_quantity, refunded_quantity, commissioned_quantity) on order_line to sebez_kernel;
alter table order_line enable row level security, force row level security;
create policy everything on order_line to sebez_admin, sebez_jobs, sebez_kernel, sebez_owner
	using (true) with check (true);
create policy of_customer on order_line to sebez_customer
	using (account_id = current_account()) with check (account_id = current_account());
create policy of_vendor on order_line to sebez_vendor
	using (vendor_id = current_vendor()) with check (vendor_id = current_vendor());

-- The moves of a sub-order. That it was placed, number 1, follows from the sub-order itself.
create table sub_order_history (
	vendor_id    uuid not null,
	sub_order_id uuid not null,
	number       int not null check (number > 1), -- 2, 3, ... without gaps
	from_state   text not null check (from_state in (:SubOrderStatus)),
	to_state     text not null check (to_state in (:SubOrderStatus)),
	actor        text not null check (actor in (:MovedBy)),
	actor_id     uuid,
	reason       text,
	at           timestamptz not null default now(),
	primary key (vendor_id, sub_order_id, number),
	foreign key (vendor_id, sub_order_id) references sub_order (vendor_id, id)
);

grant select, insert on sub_order_history to sebez_customer, sebez_vendor, sebez_admin, sebez_jobs;
grant select on sub_order_history to sebez_kernel;
alter table sub_order_history enable row level security, force row level security;
create policy everything on sub_order_history to sebez_admin, sebez_jobs, sebez_kernel, sebez_owner
	using (true) with check (true);
create policy of_customer on sub_order_history to sebez_customer
	using (exists (select from sub_order parent
		where parent.vendor_id = sub_order_history.vendor_id and parent.id = sub_order_history.sub_order_id))
	with check (exists (select from sub_order parent
		where parent.vendor_id = sub_order_history.vendor_id and parent.id = sub_order_history.sub_order_id));
create policy of_vendor on sub_order_history to sebez_vendor
	using (vendor_id = current_vendor()) with check (vendor_id = current_vendor());

create table shipment (
	vendor_id       uuid not null,
	id              uuid not null,
	sub_order_id    uuid not null,
	carrier         text,
	tracking_number text,
	tracking_url    text,
	shipped_at      timestamptz not null default now(),
	delivered_at    timestamptz,
	primary key (vendor_id, id),
	foreign key (vendor_id, sub_order_id) references sub_order (vendor_id, id)
);
create index shipment_sub_order on shipment (sub_order_id); -- admins and jobs query without a vendor
create trigger audit after insert or update or delete on shipment for each row
	when (current_setting('sebez.actor', true) in ('staff', 'admin')) execute function audit();

grant select, update (delivered_at) on shipment to sebez_customer;
grant select, insert, update on shipment to sebez_vendor, sebez_admin;
grant select on shipment to sebez_jobs;
alter table shipment enable row level security, force row level security;
create policy everything on shipment to sebez_admin, sebez_jobs, sebez_kernel, sebez_owner
	using (true) with check (true);
create policy of_customer on shipment to sebez_customer
	using (exists (select from sub_order parent
		where parent.vendor_id = shipment.vendor_id and parent.id = shipment.sub_order_id))
	with check (exists (select from sub_order parent
		where parent.vendor_id = shipment.vendor_id and parent.id = shipment.sub_order_id));
create policy of_vendor on shipment to sebez_vendor
	using (vendor_id = current_vendor()) with check (vendor_id = current_vendor());

create table shipment_line (
	vendor_id     uuid not null,
	shipment_id   uuid not null,
	order_line_id uuid not null,
	quantity      int not null check (quantity > 0),
	primary key (vendor_id, shipment_id, order_line_id),
	foreign key (vendor_id, shipment_id) references shipment (vendor_id, id),
	foreign key (vendor_id, order_line_id) references order_line (vendor_id, id)
);
create trigger audit after insert on shipment_line for each row
	when (current_setting('sebez.actor', true) in ('staff', 'admin')) execute function audit();

grant select on shipment_line to sebez_customer;
grant select, insert, update on shipment_line to sebez_vendor, sebez_admin;
alter table shipment_line enable row level security, force row level security;
create policy everything on shipment_line to sebez_admin, sebez_jobs, sebez_kernel, sebez_owner
	using (true) with check (true);
create policy of_vendor on shipment_line to sebez_vendor
	using (vendor_id = current_vendor()) with check (vendor_id = current_vendor());
create policy shipment_line_own on shipment_line for select to sebez_customer
	using (exists (select from shipment s
		where s.vendor_id = shipment_line.vendor_id and s.id = shipment_line.shipment_id));

create table payment (
	id          uuid primary key,
	order_id    uuid not null unique,
	account_id  uuid not null,
	method      text not null check (method in (:PaymentMethod)),
	state       text not null check (state in (:PaymentStatus)),
	amount      bigint not null check (amount >= 0),
	currency    text not null,
	reference   text,
	received_at timestamptz,
	received_by uuid,
	received_amount bigint check (received_amount between 0 and amount), -- the amount received
	created_at  timestamptz not null default now(),
	refunded_amount bigint not null default 0,
	refunded_at timestamptz,
	refunded_by uuid,
	refund_reference text,
	constraint payment_received_check check (
		(received_at is not null) = (state in ('received', 'refund_due', 'refunded'))
		and (received_at is null) = (received_amount is null)),
	constraint payment_refunded_check check (refunded_amount between 0 and coalesce(received_amount, 0))
);
create trigger audit after insert or update or delete on payment for each row
	when (current_setting('sebez.actor', true) in ('staff', 'admin')) execute function audit();
create trigger kept before delete or update of id, order_id, account_id on payment
	for each row execute function kept();
create trigger note_payment after update of received_at on payment for each row
	when (old.received_at is null and new.received_at is not null) execute function note_payment();

grant select, insert on payment to sebez_customer, sebez_jobs;
grant update (reference, received_by, refunded_at, refund_reference) on payment to sebez_jobs;
grant select (id, order_id, method) on payment to sebez_vendor; -- not the amount of the whole order
grant select, update (reference, received_by, refunded_at, refunded_by, refund_reference) on payment to sebez_admin;
grant select, update (state, received_at, received_amount, refunded_amount) on payment to sebez_kernel;
alter table payment enable row level security, force row level security;
create policy everything on payment to sebez_admin, sebez_jobs, sebez_kernel, sebez_owner
	using (true) with check (true);
create policy of_customer on payment to sebez_customer
	using (account_id = current_account()) with check (account_id = current_account());
create policy of_vendor on payment for select to sebez_vendor
	using (exists (select from sub_order s where s.order_id = payment.order_id and s.vendor_id = current_vendor()));

-- Failed automatic transitions and their retry time. Valid for that deadline only: deleted once the deadline
-- has changed.
create table deadline_failure (
	vendor_id    uuid not null,
	sub_order_id uuid not null,
	deadline_at  timestamptz not null,
	attempts     int not null default 1,
	retry_at     timestamptz not null,
	failed_with  text not null,
	primary key (vendor_id, sub_order_id),
	foreign key (vendor_id, sub_order_id) references sub_order (vendor_id, id)
);

grant select, insert, update, delete on deadline_failure to sebez_jobs;
alter table deadline_failure enable row level security, force row level security;
create policy everything on deadline_failure to sebez_jobs, sebez_owner using (true) with check (true);
