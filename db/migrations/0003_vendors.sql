-- Vendors, their staff, their shipping methods; the platform's settings.
set local role sebez_owner;

create table platform (
	id                      boolean primary key default true check (id), -- there is one row
	currency                text not null default 'USD' check (currency ~ '^[A-Z]{3}$'),
	service_fee_fixed       bigint not null default 0 check (service_fee_fixed >= 0),
	service_fee_basis_points int not null default 0 check (service_fee_basis_points between 0 and 10000),
	commission_basis_points int not null default 1000 check (commission_basis_points between 0 and 10000),
	payment_hours           int not null default 72 check (payment_hours between 1 and 8760),
	accept_hours            int not null default 48 check (accept_hours between 1 and 8760),
	complete_days           int not null default 14 check (complete_days between 1 and 365),
	version                 int not null default 1
);
insert into platform default values;

create table vendor (
	id            uuid primary key,
	slug          text not null unique check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(slug) <= 80),
	name          text not null check (length(name) between 1 and 200),
	description   text not null default '',
	logo_text     text not null default '',
	contact_email text,
	contact_phone text,
	state         text not null default 'applied'
	              check (state in ('applied', 'approved', 'rejected', 'suspended', 'closed')),
	state_reason  text,
	commission_basis_points int check (commission_basis_points between 0 and 10000), -- null: the platform's
	version       int not null default 1,
	created_at    timestamptz not null default now(),
	updated_at    timestamptz not null default now(),
	approved_at   timestamptz
);
create index vendor_state on vendor (state, created_at desc, id desc);
create index vendor_name_trgm on vendor using gin ((slug || ' ' || name) gin_trgm_ops);

create table staff (
	vendor_id  uuid not null references vendor (id),
	account_id uuid not null references account (id),
	role       text not null check (role in ('owner', 'manager', 'fulfilment', 'support', 'finance')),
	created_at timestamptz not null default now(),
	primary key (vendor_id, account_id)
);
create index staff_account on staff (account_id);

create table staff_invitation (
	vendor_id   uuid not null references vendor (id),
	id          uuid not null,
	email       text not null,
	role        text not null check (role in ('owner', 'manager', 'fulfilment', 'support', 'finance')),
	token_hash  bytea not null unique,
	invited_by  uuid not null,
	created_at  timestamptz not null default now(),
	expires_at  timestamptz not null,
	accepted_at timestamptz,
	revoked_at  timestamptz,
	primary key (vendor_id, id)
);

create table shipping_method (
	vendor_id     uuid not null references vendor (id),
	id            uuid not null,
	name          text not null check (length(name) between 1 and 100),
	price         bigint not null check (price >= 0),
	currency      text not null,
	free_above    bigint check (free_above >= 0), -- the group's subtotal from which it costs nothing
	handling_days int not null default 3 check (handling_days between 0 and 90),
	active        boolean not null default true,
	position      int not null default 0,
	version       int not null default 1,
	created_at    timestamptz not null default now(),
	primary key (vendor_id, id)
);
