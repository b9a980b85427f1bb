-- Mails: addresses that get none. docs/NOTIFICATIONS.md.
set local role sebez_owner;

create table mail_suppression (
	id         uuid primary key,
	address    text not null unique check (length(address) <= 254), -- as account.email
	reason     text not null check (reason in (:MailSuppressionReason)),
	detail     text, -- codes of the server that refused it
	created_at timestamptz not null default now()
);
create index mail_suppression_age on mail_suppression (created_at, id);
create trigger audit after delete on mail_suppression for each row
	when (current_setting('sebez.actor', true) = 'admin') execute function audit();

grant select, delete on mail_suppression to sebez_admin;
grant select, insert on mail_suppression to sebez_jobs;
alter table mail_suppression enable row level security, force row level security;
create policy everything on mail_suppression to sebez_admin, sebez_jobs, sebez_owner using (true) with check (true);
