-- What sending a message and sweeping the feed cost without need, found by measuring.
set local role sebez_owner;

-- Who sweeps asks for the newest transactions, twice a second. A BRIN index does not know the pages that
-- were filled since autovacuum last looked, so each sweep read all of a minute's events.
create index event_tx on event (tx);
create index event_age on event using brin (at) with (pages_per_range = 64, autosummarize = on);
drop index event_written;

-- Called by functions that have the search path already; to set it again costs some 10 us each.
alter function chat_rules(text) reset search_path;
alter function message_add(uuid, uuid, uuid, text, timestamptz, uuid, text, uuid, text, text, text, json,
	json, int) reset search_path;
