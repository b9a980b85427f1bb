-- Returns of goods, disputes about sub-orders, and the evidence of both sides. docs/RETURNS.md.
set local role sebez_owner;

create table goods_return (
	vendor_id       uuid not null,
	id              uuid not null unique,
	sub_order_id    uuid not null,
	order_id        uuid not null,
	account_id      uuid not null, -- the customer
	state           text not null default 'requested' check (state in (:ReturnStatus)),
	reason          text not null check (reason in (:ReturnReason)),
	comment         text, -- of the customer
	instructions    text, -- of the vendor: where to send it, or the text of a label
	carrier         text,
	tracking_number text,
	decision_reason text, -- why it was refused or cancelled
	deadline_at     timestamptz, -- of the next move, by the clock or the vendor (return_deadline()); null: none
	refund_id       uuid, -- of sub_order_refund
	overdue_told_at timestamptz, -- when admins were told that its vendor is late; null: not since it moved
	version         int not null default 1,
	created_at      timestamptz not null default now(),
	updated_at      timestamptz not null default now(),
	primary key (vendor_id, id),
	foreign key (vendor_id, sub_order_id) references sub_order (vendor_id, id),
	foreign key (vendor_id, refund_id) references sub_order_refund (vendor_id, id),
	check ((refund_id is not null) = (state = 'refunded'))
);
create index goods_return_sub_order on goods_return (vendor_id, sub_order_id, id);
create index goods_return_account on goods_return (account_id, id);
create index goods_return_state on goods_return (vendor_id, state, id);
create index goods_return_refund on goods_return (vendor_id, refund_id) where refund_id is not null;
create index goods_return_deadline on goods_return (deadline_at) where state in ('requested', 'approved');
create index goods_return_overdue on goods_return (deadline_at)
	where state in ('shipped', 'received', 'inspected') and overdue_told_at is null;
create trigger kept before delete or update of vendor_id, id, sub_order_id, order_id, account_id on goods_return
	for each row execute function kept();
create trigger audit after insert or update on goods_return for each row
	when (current_setting('sebez.actor', true) in ('staff', 'admin')) execute function audit();

grant select on goods_return to sebez_customer, sebez_vendor, sebez_admin, sebez_jobs;
grant select, insert, update on goods_return to sebez_kernel;
alter table goods_return enable row level security, force row level security;
create policy everything on goods_return to sebez_admin, sebez_jobs, sebez_kernel, sebez_owner
	using (true) with check (true);
create policy of_customer on goods_return for select to sebez_customer using (account_id = current_account());
create policy of_vendor on goods_return for select to sebez_vendor using (vendor_id = current_vendor());

create table goods_return_line (
	vendor_id     uuid not null,
	return_id     uuid not null,
	order_line_id uuid not null,
	account_id    uuid not null,
	quantity      int not null check (quantity > 0),
	accepted_quantity int, -- as inspected, to be refunded; null: not yet
	restock       boolean not null default false, -- those can be sold again
	primary key (vendor_id, return_id, order_line_id),
	foreign key (vendor_id, return_id) references goods_return (vendor_id, id),
	foreign key (vendor_id, order_line_id) references order_line (vendor_id, id),
	check (accepted_quantity between 0 and quantity)
);
create index goods_return_line_line on goods_return_line (vendor_id, order_line_id);
create trigger kept before delete or update of vendor_id, return_id, order_line_id, quantity on goods_return_line
	for each row execute function kept();

grant select on goods_return_line to sebez_customer, sebez_vendor, sebez_admin;
grant select, insert, update (accepted_quantity, restock) on goods_return_line to sebez_kernel;
alter table goods_return_line enable row level security, force row level security;
create policy everything on goods_return_line to sebez_admin, sebez_kernel, sebez_owner using (true) with check (true);
create policy of_customer on goods_return_line for select to sebez_customer using (account_id = current_account());
create policy of_vendor on goods_return_line for select to sebez_vendor using (vendor_id = current_vendor());

create table goods_return_history (
	vendor_id  uuid not null,
	return_id  uuid not null,
	number     int not null check (number > 0), -- 1, 2, ... without gaps
	account_id uuid not null, -- the customer
	from_state text check (from_state in (:ReturnStatus)),
	to_state   text not null check (to_state in (:ReturnStatus)),
	actor      text not null check (actor in (:MovedBy)),
	actor_id   uuid,
	reason     text,
	at         timestamptz not null default now(),
	primary key (vendor_id, return_id, number),
	foreign key (vendor_id, return_id) references goods_return (vendor_id, id)
);
-- Only the owner of the tables may change a row: a reason goes with the person who gave it.
create trigger kept before delete or update of vendor_id, return_id, number, account_id, from_state, to_state, actor,
	actor_id, at on goods_return_history for each row execute function kept();

grant select on goods_return_history to sebez_customer, sebez_vendor, sebez_admin;
grant select, insert on goods_return_history to sebez_kernel;
alter table goods_return_history enable row level security, force row level security;
create policy everything on goods_return_history to sebez_admin, sebez_kernel, sebez_owner
	using (true) with check (true);
create policy of_customer on goods_return_history for select to sebez_customer using (account_id = current_account());
create policy of_vendor on goods_return_history for select to sebez_vendor using (vendor_id = current_vendor());

-- Photos of a return: what they show is kept as of when they were sent, until the person is erased.
create table goods_return_file (
	vendor_id  uuid not null,
	return_id  uuid not null,
	upload_id  uuid not null references upload (id),
	account_id uuid not null,
	position   int not null,
	file       json not null, -- as evidence.c keeps it
	primary key (vendor_id, return_id, upload_id),
	foreign key (vendor_id, return_id) references goods_return (vendor_id, id)
);
create index goods_return_file_upload on goods_return_file (upload_id);
create trigger kept before update on goods_return_file for each row execute function kept();
create trigger track_uploads after insert or delete on goods_return_file for each row
	execute function track_uploads('upload_id');

grant select, insert on goods_return_file to sebez_customer;
grant select on goods_return_file to sebez_vendor, sebez_admin, sebez_jobs;
alter table goods_return_file enable row level security, force row level security;
create policy everything on goods_return_file to sebez_admin, sebez_jobs, sebez_owner using (true) with check (true);
create policy of_customer on goods_return_file to sebez_customer using (account_id = current_account())
	with check (account_id = current_account() and exists (select from goods_return parent
		where parent.vendor_id = goods_return_file.vendor_id and parent.id = goods_return_file.return_id));
create policy of_vendor on goods_return_file for select to sebez_vendor using (vendor_id = current_vendor());
