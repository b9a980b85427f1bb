-- Who sells, for the law; and invoices and credit notes, which are never changed. docs/MONEY.md, "Invoices".
set local role sebez_owner;

-- What papers and tax offices are told of a seller. issuer_id: the vendor's id; all zeros: the marketplace.
create table tax_profile (
	issuer_id   uuid primary key,
	vendor_id   uuid unique references vendor (id),
	kind        text not null check (kind in (:SellerKind)),
	legal_name  text not null check (length(legal_name) between 1 and 200),
	address     json not null, -- PostalAddress of the contract
	tax_number  text check (length(tax_number) between 1 and 50),
	tax_country text check (tax_country ~ '^[A-Z]{2}$'), -- that gave the number
	vat_number  text check (length(vat_number) between 1 and 50),
	registration_number text check (length(registration_number) between 1 and 50),
	birth_date  date, -- of a person
	invoice_prefix text not null default '' check (invoice_prefix ~ '^[A-Z0-9-]{0,12}$'),
	version     int not null default 1,
	updated_at  timestamptz not null default now(),
	check (issuer_id = coalesce(vendor_id, '00000000-0000-0000-0000-000000000000')),
	check ((tax_number is null) = (tax_country is null)),
	check (birth_date is null or kind = 'person')
);
create trigger kept before delete or update of issuer_id, vendor_id on tax_profile
	for each row execute function kept();
create trigger audit after insert or update on tax_profile for each row
	when (current_setting('sebez.actor', true) in ('staff', 'admin')) execute function audit();

grant select, insert, update on tax_profile to sebez_vendor, sebez_admin;
grant select on tax_profile to sebez_kernel;
alter table tax_profile enable row level security, force row level security;
create policy everything on tax_profile to sebez_admin, sebez_kernel, sebez_owner using (true) with check (true);
create policy own on tax_profile to sebez_vendor
	using (vendor_id = current_vendor()) with check (vendor_id = current_vendor());

-- The last number of an issuer in a year. Its lock is held from taking a number until the commit, so none is left out.
create table invoice_series (
	issuer_id uuid not null,
	year      int not null,
	last      bigint not null check (last > 0),
	last_at   timestamptz not null,
	primary key (issuer_id, year)
);

grant select, insert, update on invoice_series to sebez_kernel;
alter table invoice_series enable row level security, force row level security;
create policy everything on invoice_series to sebez_kernel, sebez_owner using (true) with check (true);

-- invoice, credit_note: of a sub-order, from its vendor to the customer. commission_…: of a month, from the marketplace
-- to the vendor. Amounts of credit notes are what is taken back.
create table invoice (
	vendor_id   uuid not null references vendor (id),
	id          uuid not null unique,
	kind        text not null check (kind in (:InvoiceKind)),
	issuer_id   uuid not null,
	year        int not null,
	serial      bigint not null check (serial > 0), -- without gaps, of the issuer and year
	number      text not null, -- as it is written
	issued_at   timestamptz not null,
	account_id  uuid, -- the customer
	order_id    uuid,
	sub_order_id uuid,
	refund_id   uuid, -- of a credit note
	corrects_id uuid, -- the invoice that a credit note is of
	period      date, -- of a commission: the first day of its month (UTC)
	supplied_at timestamptz not null,
	currency    text not null,
	goods       bigint not null, -- of lines; of a commission, the commission
	shipping    bigint not null default 0,
	discount    bigint not null default 0,
	goodwill    bigint not null default 0, -- that the vendor gave back, of a credit note
	tax         bigint not null default 0,
	total       bigint not null,
	service_fee bigint not null default 0, -- the marketplace's; not in the total
	seller      json not null, -- Party of the contract, as are
	buyer       json, -- of a commission; a customer is in invoice_buyer
	lines       json not null, -- InvoiceLine
	primary key (vendor_id, id),
	unique (issuer_id, year, serial),
	foreign key (vendor_id, sub_order_id) references sub_order (vendor_id, id),
	foreign key (vendor_id, corrects_id) references invoice (vendor_id, id),
	check (total = goods + shipping - discount + tax + goodwill),
	check (issuer_id = case when kind in ('invoice', 'credit_note') then vendor_id
		else '00000000-0000-0000-0000-000000000000' end),
	check ((sub_order_id is not null) = (kind in ('invoice', 'credit_note'))),
	check ((sub_order_id is null) = (account_id is null) and (sub_order_id is null) = (order_id is null)
		and (sub_order_id is null) = (period is not null) and (sub_order_id is null) = (buyer is not null)),
	check ((kind = 'credit_note') = (corrects_id is not null) and (kind = 'credit_note') = (refund_id is not null))
);
create unique index invoice_sub_order on invoice (vendor_id, sub_order_id) where kind = 'invoice';
create unique index invoice_refund on invoice (vendor_id, refund_id) where refund_id is not null;
create unique index invoice_period on invoice (vendor_id, period) where period is not null;
create index invoice_corrects on invoice (vendor_id, corrects_id) where corrects_id is not null;
create index invoice_account on invoice (account_id, id) where account_id is not null;
create index invoice_vendor on invoice (vendor_id, id desc);
-- Of the filters of lists.
create index invoice_order on invoice (order_id, id) where order_id is not null;
create index invoice_part on invoice (sub_order_id, id) where sub_order_id is not null;
create index invoice_vendor_kind on invoice (vendor_id, kind, id);
create index invoice_kind on invoice (kind, id);
create trigger kept before delete or update on invoice for each row execute function kept();

grant select on invoice to sebez_customer, sebez_vendor, sebez_admin;
grant select, insert on invoice to sebez_kernel;
alter table invoice enable row level security, force row level security;
create policy everything on invoice to sebez_admin, sebez_kernel, sebez_owner using (true) with check (true);
create policy of_customer on invoice for select to sebez_customer using (account_id = current_account());
create policy of_vendor on invoice for select to sebez_vendor using (vendor_id = current_vendor());

-- The customer of an invoice and its credit notes: the person in it, who may leave while the invoice stays.
create table invoice_buyer (
	vendor_id    uuid not null,
	invoice_id   uuid not null,
	account_id   uuid not null references account (id),
	party        json not null, -- Party of the contract
	primary key (vendor_id, invoice_id),
	foreign key (vendor_id, invoice_id) references invoice (vendor_id, id)
);
create index invoice_buyer_account on invoice_buyer (account_id);
create trigger kept before update on invoice_buyer for each row execute function kept();

grant select on invoice_buyer to sebez_customer, sebez_vendor, sebez_admin;
grant select, insert on invoice_buyer to sebez_kernel;
alter table invoice_buyer enable row level security, force row level security;
create policy everything on invoice_buyer to sebez_admin, sebez_kernel, sebez_owner using (true) with check (true);
create policy of_customer on invoice_buyer for select to sebez_customer using (account_id = current_account());
create policy of_vendor on invoice_buyer for select to sebez_vendor using (vendor_id = current_vendor());

-- The months (UTC) of which all commissions are invoiced.
create table invoice_month (
	month   date primary key check (month = date_trunc('month', month::timestamp)),
	done_at timestamptz not null default now()
);

grant select, insert on invoice_month to sebez_kernel;
alter table invoice_month enable row level security, force row level security;
create policy everything on invoice_month to sebez_kernel, sebez_owner using (true) with check (true);
