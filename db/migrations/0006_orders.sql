-- Orders, their parts per vendor, and what hangs on them. Amounts as sold never change; what is
-- cancelled later is counted beside them.
set local role sebez_owner;

create table shop_order (
	id               uuid primary key,
	-- For people, on the phone: K7Q4-M2XD. In byte order, so that its beginning finds it.
	number           text collate "C" not null unique,
	account_id       uuid not null references account (id),
	cart_id          uuid not null unique references cart (id), -- a cart becomes at most one order
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
create index shop_order_account on shop_order (account_id, created_at desc, id desc);
create index shop_order_created on shop_order (created_at desc, id desc);

create table sub_order (
	vendor_id        uuid not null references vendor (id),
	id               uuid not null,
	order_id         uuid not null references shop_order (id),
	account_id       uuid not null,
	number           text collate "C" not null unique, -- K7Q4-M2XD-1
	state            text not null check (state in ('awaiting_payment', 'placed', 'accepted', 'packed',
	                 'shipped', 'delivered', 'completed', 'cancelled')),
	currency         text not null,
	subtotal         bigint not null check (subtotal >= 0),
	shipping         bigint not null check (shipping >= 0),
	discount         bigint not null default 0 check (discount >= 0),
	tax              bigint not null default 0 check (tax >= 0),
	fee              bigint not null default 0 check (fee >= 0),
	total            bigint not null,
	cancelled_total  bigint not null default 0 check (cancelled_total between 0 and total),
	shipping_method_id   uuid,
	shipping_method_name text not null,
	handling_days    int not null,
	-- The vendor cannot read shop_order: what it needs of it is here.
	customer_name    text not null,
	shipping_address json not null,
	note             text,
	deadline_at      timestamptz, -- when the clock takes the next transition; null: never
	ship_by          timestamptz, -- promised by accepting: handling_days later
	cancel_reason    text,
	version          int not null default 1,
	created_at       timestamptz not null default now(),
	updated_at       timestamptz not null default now(),
	primary key (vendor_id, id),
	unique (id),
	unique (order_id, vendor_id),
	check (total = subtotal + shipping - discount + tax + fee)
);
create index sub_order_vendor_state on sub_order (vendor_id, state, created_at desc, id desc);
create index sub_order_vendor_created on sub_order (vendor_id, created_at desc, id desc);
create index sub_order_created on sub_order (created_at desc, id desc);
create index sub_order_deadline on sub_order (deadline_at) where deadline_at is not null;

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
	image_url          text,
	quantity           int not null check (quantity > 0),
	price              bigint not null check (price >= 0),
	total              bigint not null,
	cancelled_quantity int not null default 0,
	shipped_quantity   int not null default 0,
	primary key (vendor_id, id),
	foreign key (vendor_id, sub_order_id) references sub_order (vendor_id, id),
	foreign key (vendor_id, product_id) references product (vendor_id, id),
	foreign key (vendor_id, variant_id) references variant (vendor_id, id),
	check (total = price * quantity),
	check (cancelled_quantity >= 0 and shipped_quantity >= 0
	       and cancelled_quantity + shipped_quantity <= quantity)
);
create index order_line_open on order_line (vendor_id, variant_id)
	where cancelled_quantity + shipped_quantity < quantity;
create index order_line_sub_order on order_line (vendor_id, sub_order_id, position);

-- What a line took from its variant. Held: quantity - released. An unpaid one has a time limit on
-- its sub-order (deadline_at).
create table stock_reservation (
	vendor_id     uuid not null,
	order_line_id uuid not null,
	variant_id    uuid not null,
	quantity      int not null check (quantity > 0),
	released      int not null default 0 check (released between 0 and quantity),
	created_at    timestamptz not null default now(),
	primary key (vendor_id, order_line_id),
	foreign key (vendor_id, order_line_id) references order_line (vendor_id, id)
);
create index stock_reservation_variant on stock_reservation (vendor_id, variant_id);

-- Sold, but neither shipped nor cancelled yet.
create function stock_reserved(vendor uuid, variant uuid) returns bigint language sql stable parallel safe
return (select coalesce(sum(l.quantity - l.cancelled_quantity - l.shipped_quantity), 0)
        from order_line l where l.vendor_id = vendor and l.variant_id = variant
        and l.cancelled_quantity + l.shipped_quantity < l.quantity);

-- The platform's fee on a line, or on the shipping (order_line_id null), frozen at sale.
create table commission_line (
	vendor_id     uuid not null,
	id            uuid not null,
	sub_order_id  uuid not null,
	order_line_id uuid,
	basis_points  int not null,
	base          bigint not null,
	amount        bigint not null,
	currency      text not null,
	primary key (vendor_id, id),
	foreign key (vendor_id, sub_order_id) references sub_order (vendor_id, id)
);
create index commission_line_sub_order on commission_line (vendor_id, sub_order_id);

create table sub_order_history (
	vendor_id    uuid not null,
	sub_order_id uuid not null,
	number       int not null, -- 1, 2, 3, ... without gaps
	from_state   text,
	to_state     text not null,
	actor        text not null check (actor in ('customer', 'staff', 'admin', 'system')),
	actor_id     uuid,
	reason       text,
	at           timestamptz not null default now(),
	primary key (vendor_id, sub_order_id, number),
	foreign key (vendor_id, sub_order_id) references sub_order (vendor_id, id)
);

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
create index shipment_sub_order on shipment (vendor_id, sub_order_id);

create table shipment_line (
	vendor_id     uuid not null,
	shipment_id   uuid not null,
	order_line_id uuid not null,
	quantity      int not null check (quantity > 0),
	primary key (vendor_id, shipment_id, order_line_id),
	foreign key (vendor_id, shipment_id) references shipment (vendor_id, id),
	foreign key (vendor_id, order_line_id) references order_line (vendor_id, id)
);

create table payment (
	id          uuid primary key,
	order_id    uuid not null unique references shop_order (id),
	account_id  uuid not null,
	method      text not null check (method in ('cash_on_delivery', 'manual')),
	state       text not null check (state in ('pending', 'received', 'refund_due', 'cancelled')),
	amount      bigint not null check (amount >= 0),
	currency    text not null,
	reference   text,
	received_at timestamptz,
	received_by uuid,
	received_amount bigint check (received_amount between 0 and amount), -- what was owed by then
	created_at  timestamptz not null default now(),
	check ((received_at is not null) = (state in ('received', 'refund_due'))
	       and (received_at is null) = (received_amount is null))
);

-- What of the payment belongs to one sub-order.
create table payment_share (
	vendor_id    uuid not null,
	sub_order_id uuid not null,
	payment_id   uuid not null references payment (id),
	account_id   uuid not null,
	amount       bigint not null check (amount >= 0),
	primary key (vendor_id, sub_order_id),
	foreign key (vendor_id, sub_order_id) references sub_order (vendor_id, id)
);
create index payment_share_payment on payment_share (payment_id);

-- A time inside json that a statement builds, as the reply's writer writes times elsewhere.
create function json_time(at timestamptz) returns text language sql stable parallel safe
return to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');

-- The state of an order is what its sub-orders make of it; it is never stored.
create function order_status(states text[]) returns text language sql immutable parallel safe
return (
	with live as (select distinct state from unnest(states) as s (state) where state <> 'cancelled')
	select case
		when count(*) = 0 then 'cancelled'
		when count(*) = 1 then min(state)
		when bool_and(state in ('delivered', 'completed')) then 'delivered'
		when bool_and(state in ('shipped', 'delivered', 'completed')) then 'shipped'
		when bool_or(state in ('shipped', 'delivered', 'completed')) then 'partially_shipped'
		else 'processing'
	end
	from live
);

-- Every cent of an order is accounted for, checked at its commit.
create function order_adds_up() returns trigger language plpgsql set search_path = public
security definer as $$
declare
	bad boolean;
begin
	select coalesce(sum(s.total), 0) <> new.total or coalesce(sum(s.fee), 0) <> new.fee
	       or coalesce(sum(l.total), 0) <> new.subtotal
	       or coalesce(bool_or(l.total is distinct from s.subtotal), true)
	       or coalesce(sum(p.amount), 0) <> new.total
	       or coalesce(bool_or(p.amount is distinct from s.total), true)
	       or not exists (select from payment y where y.order_id = new.id and y.amount = new.total)
	into bad
	from sub_order s
	left join lateral (select sum(l.total) as total from order_line l
	                   where l.vendor_id = s.vendor_id and l.sub_order_id = s.id) l on true
	left join payment_share p on p.vendor_id = s.vendor_id and p.sub_order_id = s.id
	where s.order_id = new.id;
	if bad then
		raise exception 'order % does not add up', new.number using errcode = 'check_violation';
	end if;
	return null;
end $$;
create constraint trigger order_adds_up after insert or update on shop_order
	deferrable initially deferred for each row execute function order_adds_up();
