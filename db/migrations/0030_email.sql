-- What tells one e-mail address from another is kept beside it: C makes it (src/base/email.h). Addresses
-- of ASCII are their own keys. Another one that is there keeps itself as its key, by which it is found as
-- it was typed, until its owner signs in and it gets the key of its form.
set local role sebez_owner;

alter table account add email_key text;
update account set email_key = email;
alter table account alter email_key set not null;
drop index account_email_key;
create unique index account_email_key on account (email_key);
grant select (email_key) on account to sebez_vendor, sebez_admin;
grant insert (email_key), update (email, email_key) on account to sebez_auth;
grant update (email_key) on account to sebez_kernel;

alter table staff_invitation add email_key text;
update staff_invitation set email_key = email;
alter table staff_invitation alter email_key set not null;

set local role sebez_kernel;
drop function if exists account_make_admin(uuid, text, text, text, text);
