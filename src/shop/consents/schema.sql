-- Documents that people accept, and who accepted which version. docs/ACCOUNTS.md, "Documents and consent".
set local role sebez_owner;

-- One version, which is never changed: consents refer to it.
create table document (
	id            uuid primary key,
	kind          text not null check (kind in (:DocumentKind)),
	number        int not null check (number between 1 and 100000), -- of the version, of its kind
	demanded_from timestamptz, -- from then on a version of this number or higher must be accepted; null: none must
	published_at  timestamptz not null default now(),
	unique (kind, number)
);
create index document_published on document (published_at desc, id desc);
create trigger kept before delete or update on document for each row execute function kept();
create trigger audit after insert on document for each row
	when (current_setting('sebez.actor', true) = 'admin') execute function audit();

grant select on document to sebez_public, sebez_auth, sebez_customer;
grant select, insert (id, kind, number, demanded_from) on document to sebez_admin;

create table document_text (
	document_id uuid not null references document (id),
	position    int not null check (position between 1 and 40), -- the first is for who reads none of the languages
	language    text not null check (language ~ '^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$'),
	title       text not null check (length(title) between 1 and 200),
	body        text not null check (length(body) between 1 and 65535), -- HTML, cleaned
	primary key (document_id, language),
	unique (document_id, position)
);
create unique index document_text_language on document_text (document_id, lower(language));
create trigger kept before delete or update on document_text for each row execute function kept();

grant select on document_text to sebez_public;
grant select (document_id, position, language), insert on document_text to sebez_admin;

-- What somebody accepted or withdrew, one row for each time. Nobody changes a row; it stays when the account is erased,
-- under its id alone.
create table consent (
	id          bigint generated always as identity primary key,
	account_id  uuid not null references account (id),
	document_id uuid not null,
	kind        text not null,
	number      int not null,
	given       boolean not null, -- false: withdrawn
	place       text not null check (place in (:ConsentPlace)),
	at          timestamptz not null default now(),
	foreign key (document_id) references document (id),
	foreign key (kind, number) references document (kind, number)
);
create index consent_account on consent (account_id, kind, id desc);
create trigger kept before delete or update on consent for each row execute function kept();

grant select, insert (account_id, document_id, kind, number, given, place) on consent to sebez_auth, sebez_customer;
grant select on consent to sebez_admin;
alter table consent enable row level security, force row level security;
create policy everything on consent to sebez_admin, sebez_owner using (true) with check (true);
create policy sign_in on consent to sebez_auth using (true) with check (true);
create policy of_customer on consent to sebez_customer
	using (account_id = current_account()) with check (account_id = current_account());
