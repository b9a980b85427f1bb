-- Addresses are folded by ASCII alone, admins have roles, and the audit trail says why.
set local role sebez_owner;

-- Unicode's lower case makes a k of the sign for kelvin: one account to the database was two to
-- whoever counts wrong passwords. C folds before it comes here (account_email()).
alter table account drop constraint account_email_check;
alter table account add constraint account_email_check
	check (email = lower(email collate "C") and length(email) <= 254);
alter table staff_invitation add constraint staff_invitation_email_check
	check (email = lower(email collate "C"));

set local role sebez_kernel;
drop function account_make_admin(uuid, text, text, text);
