-- Disputes about sub-orders. docs/RETURNS.md, "Disputes".
set local role sebez_owner;

create table dispute (
	vendor_id       uuid not null,
	id              uuid not null unique,
	sub_order_id    uuid not null,
	order_id        uuid not null,
	account_id      uuid not null, -- the customer
	state           text not null default 'opened' check (state in (:DisputeStatus)),
	reason          text not null check (reason in (:DisputeReason)),
	outcome         text check (outcome in (:DisputeOutcome)),
	decision_reason text,
	refund_id       uuid, -- of sub_order_refund; null: nothing was refunded
	deadline_at     timestamptz, -- the vendor answers until then; null: it need not
	version         int not null default 1,
	created_at      timestamptz not null default now(),
	updated_at      timestamptz not null default now(),
	primary key (vendor_id, id),
	foreign key (vendor_id, sub_order_id) references sub_order (vendor_id, id),
	foreign key (vendor_id, refund_id) references sub_order_refund (vendor_id, id),
	check ((outcome is not null) = (state = 'decided')),
	check ((deadline_at is not null) = (state = 'opened'))
);
-- At most one goes on.
create unique index dispute_open on dispute (vendor_id, sub_order_id) where state in ('opened', 'in_review');
create index dispute_sub_order on dispute (vendor_id, sub_order_id, id);
create index dispute_account on dispute (account_id, id);
create index dispute_state on dispute (vendor_id, state, id);
create index dispute_refund on dispute (vendor_id, refund_id) where refund_id is not null;
create index dispute_deadline on dispute (deadline_at) where deadline_at is not null;
create trigger kept before delete or update of vendor_id, id, sub_order_id, order_id, account_id on dispute
	for each row execute function kept();
create trigger audit after insert or update on dispute for each row
	when (current_setting('sebez.actor', true) in ('staff', 'admin')) execute function audit();

grant select on dispute to sebez_customer, sebez_vendor, sebez_admin, sebez_jobs;
grant select, insert, update on dispute to sebez_kernel;
alter table dispute enable row level security, force row level security;
create policy everything on dispute to sebez_admin, sebez_jobs, sebez_kernel, sebez_owner
	using (true) with check (true);
create policy of_customer on dispute for select to sebez_customer using (account_id = current_account());
create policy of_vendor on dispute for select to sebez_vendor using (vendor_id = current_vendor());

-- What a side says, with files.
create table dispute_statement (
	vendor_id  uuid not null,
	id         uuid not null,
	dispute_id uuid not null,
	account_id uuid not null, -- the customer
	actor      text not null check (actor in (:MovedBy)),
	actor_id   uuid,
	text       text not null,
	created_at timestamptz not null default now(),
	primary key (vendor_id, id),
	foreign key (vendor_id, dispute_id) references dispute (vendor_id, id)
);
create index dispute_statement_dispute on dispute_statement (vendor_id, dispute_id, id);
create trigger kept before delete or update on dispute_statement for each row execute function kept();

grant select on dispute_statement to sebez_customer, sebez_vendor, sebez_admin;
grant select, insert on dispute_statement to sebez_kernel;
alter table dispute_statement enable row level security, force row level security;
create policy everything on dispute_statement to sebez_admin, sebez_kernel, sebez_owner using (true) with check (true);
create policy of_customer on dispute_statement for select to sebez_customer using (account_id = current_account());
create policy of_vendor on dispute_statement for select to sebez_vendor using (vendor_id = current_vendor());

create table dispute_file (
	vendor_id    uuid not null,
	statement_id uuid not null,
	upload_id    uuid not null references upload (id),
	account_id   uuid not null, -- the customer
	position     int not null,
	file         json not null, -- as evidence.c keeps it
	primary key (vendor_id, statement_id, upload_id),
	foreign key (vendor_id, statement_id) references dispute_statement (vendor_id, id)
);
create index dispute_file_upload on dispute_file (upload_id);
create trigger kept before delete or update on dispute_file for each row execute function kept();
create trigger track_uploads after insert or delete on dispute_file for each row
	execute function track_uploads('upload_id');

grant select, insert on dispute_file to sebez_customer, sebez_vendor;
grant select on dispute_file to sebez_admin, sebez_jobs;
alter table dispute_file enable row level security, force row level security;
create policy everything on dispute_file to sebez_admin, sebez_jobs, sebez_owner using (true) with check (true);
create policy of_customer on dispute_file to sebez_customer using (account_id = current_account())
	with check (account_id = current_account() and exists (select from dispute_statement parent
		where parent.vendor_id = dispute_file.vendor_id and parent.id = dispute_file.statement_id));
create policy of_vendor on dispute_file to sebez_vendor
	using (vendor_id = current_vendor()) with check (vendor_id = current_vendor());
