-- Devices that accounts have signed in from. As sebez_auth.

-- device_seen (account uuid, key bytea): one -> (is_new bool, has_others bool)
-- Whether the account has others: those from before this statement.
insert into account_device as d (account_id, key) values (:account, :key)
on conflict (account_id, key) do update set last_seen_at = now()
returning d.xmax = 0 as is_new,
          exists (select from account_device o where o.account_id = :account) as has_others;

-- devices_trim (account uuid, most int): none
delete from account_device where account_id = :account and key in (
	select o.key from account_device o where o.account_id = :account order by o.last_seen_at desc offset :most);
