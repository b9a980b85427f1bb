-- Devices. docs/NOTIFICATIONS.md.

-- device_register (device uuid, session uuid, platform text, provider text, address_kind text, address text,
--                  environment text, p256dh bytea?, auth bytea?, start_token text?, app_version text?, locale text?,
--                  time_zone text?, shows_itself bool, capabilities text[], devices_max int): one writes
select device_register(:device, :session, :platform, :provider, :address_kind, :address, :environment, :p256dh,
	:auth, :start_token, :app_version, :locale, :time_zone, :shows_itself, :capabilities, :devices_max);

-- device_list (session uuid, device uuid?): many
-- Those of sessions that have not expired, or one of them.
select d.id, d.session_id = :session as current, d.platform, d.provider, d.address_kind, d.address_end,
       d.environment, d.app_version, d.locale, d.time_zone, d.shows_itself, to_json(d.capabilities) as capabilities,
       d.registered_at, d.updated_at
from device d join session s on s.id = d.session_id and s.expires_at > now()
[device: where d.id = :device]
order by d.registered_at desc, d.id;

-- device_remove (device uuid): one
delete from device where id = :device;

-- activity_put (device uuid, sub_order uuid, token text): one
-- No row unless the account has such a device and bought the sub-order.
insert into live_activity as a (account_id, device_id, sub_order_id, token)
select d.account_id, d.id, s.id, :token from device d
join sub_order s on s.id = :sub_order and s.account_id = d.account_id
where d.id = :device and d.provider = 'apns'
on conflict (account_id, device_id, sub_order_id) do update set token = :token, registered_at = now();

-- activity_end (device uuid, sub_order uuid): one
update live_activity set token = null, registered_at = now()
where device_id = :device and sub_order_id = :sub_order and is_reachable;
