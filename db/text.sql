-- Functions on text and times shared by several areas; some are used in columns of tables.
set local role sebez_owner;

-- A LIKE pattern for texts that contain these words literally: wildcards are escaped.
create function containing(words text) returns text language sql immutable parallel safe
return '%' || regexp_replace(words, '([\\%_])', '\\\1', 'g') || '%';
grant execute on function containing(text) to public;

-- Formats a time in JSON built by a statement, as C formats times in replies.
create function json_time(at timestamptz) returns text language sql stable parallel safe
return to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
grant execute on function json_time(timestamptz) to sebez_auth, sebez_customer, sebez_vendor, sebez_admin, sebez_jobs,
	sebez_kernel;

-- The least id that uuid_v7() makes at that time (base/uuid.h).
create function uuid_at(at timestamptz) returns uuid language sql immutable parallel safe
return (lpad(to_hex(least(greatest(floor(extract(epoch from at) * 1000), 0), 281474976710655)::bigint), 12, '0')
        || repeat('0', 20))::uuid;
grant execute on function uuid_at(timestamptz) to sebez_customer, sebez_vendor, sebez_admin, sebez_kernel;

-- When uuid_v7() made an id, in milliseconds.
create function uuid_time(id uuid) returns timestamptz language sql immutable parallel safe
return to_timestamp(('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint / 1000.0);
grant execute on function uuid_time(uuid) to sebez_kernel, sebez_vendor, sebez_admin;

-- Removes accents. Immutable as long as the rules of Debian's dictionary are not edited.
create function folded(text) returns text language sql immutable strict parallel safe
return public.unaccent('public.unaccent'::regdictionary, $1);
grant execute on function folded(text) to sebez_public, sebez_customer, sebez_vendor, sebez_admin, sebez_jobs,
	sebez_kernel;

-- array_to_string() is not immutable for every type that it takes; for text it is.
create function spaced(text[]) returns text language sql immutable strict parallel safe
return array_to_string($1, ' ');
grant execute on function spaced(text[]) to sebez_public, sebez_customer, sebez_vendor, sebez_admin, sebez_jobs,
	sebez_kernel;

-- In lower case, as refresh_products() stores option values.
create function lowered(text[]) returns text[] language sql immutable strict parallel safe
return (select array_agg(lower(t)) from unnest($1) as t);
grant execute on function lowered(text[]) to sebez_public, sebez_customer, sebez_vendor, sebez_admin,
	sebez_jobs, sebez_kernel;
