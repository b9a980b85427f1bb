-- Invariants. Each check selects the rows that violate it, by a readable name; `sebez check --data` runs them.

-- check: a device belongs to the account of its session
select d.account_id || '/' || d.id from device d
where not exists (select from session s where s.id = d.session_id and s.account_id = d.account_id);

-- check: no device is left of a session that was ended
select d.account_id || '/' || d.id from device d join session s on s.id = d.session_id where s.ended_at is not null;

-- check: an address fits its provider
select d.account_id || '/' || d.id from device d
where d.address_kind <> all (case d.provider when 'fcm' then array['token', 'fid']
                                             when 'webpush' then array['endpoint'] else array['token'] end)
or (d.provider = 'apns' and d.platform <> 'ios') or (d.provider = 'webpush') <> (d.address_kind = 'endpoint')
or (d.environment = 'sandbox' and d.provider <> 'apns');
