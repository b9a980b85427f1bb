-- Chat: the rules against contact leaks.
set local role sebez_owner;

-- The text as somebody reads it: digits of other scripts and key caps are digits, what has no width is
-- not there, (at) and [dot] are what they stand for.
create or replace function chat_plain(given text) returns text
language sql immutable parallel safe
return regexp_replace(regexp_replace(translate(given,
	'０１２３４５６７８９٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹०१२३४५६७८९＠．＋' || U&'\FE0F\20E3\200B\200C\200D\2060\FEFF',
	'0123456789012345678901234567890123456789@.+'),
	'\s*[\[({]\s*at\s*[\])}]\s*', '@', 'gi'), '\s*[\[({]\s*(dot|punkt)\s*[\])}]\s*', '.', 'gi');
grant execute on function chat_plain(text) to sebez_customer, sebez_vendor;

-- What the rules make of a text: masked, and what of it is to be held. What is found only behind a
-- disguise takes the disguise off the whole text.
create or replace function chat_rules(given text, out said text, out leaks text[])
language plpgsql stable as $$
declare
	rule record;
begin
	said := given;
	leaks := '{}';
	for rule in
		select r.name, r.pattern, r.does from platform p cross join lateral (values
			('email', p.chat_email, '[[:alnum:]._%+-]+@[[:alnum:]-]+(\.[[:alnum:]-]+)+'),
			('link', p.chat_link, '((https?://|www\.)[^[:space:]]+|\m[[:alnum:]-]+\.'
				'(com|net|org|info|biz|shop|store|io|me|co|de|fr|uk|ru|cn)\M(/[^[:space:]]*)?)'),
			('phone', p.chat_phone, '\+?([[:digit:]][ ()./-]{0,2}){8,}[[:digit:]]')
		) as r (name, does, pattern)
		where r.does <> 'allow'
	loop
		if said !~* rule.pattern then
			continue when chat_plain(said) !~* rule.pattern;
			said := case when rule.does = 'hold' then said else chat_plain(said) end;
		end if;
		if rule.does = 'hold' then
			leaks := leaks || rule.name;
		else
			said := regexp_replace(said, rule.pattern, '•••', 'gi');
		end if;
	end loop;
end $$;
grant execute on function chat_rules(text) to sebez_customer, sebez_vendor, sebez_admin, sebez_jobs, sebez_kernel;

-- The same of the images of a message: what they are said to show is text. Of an address, a rule looks
-- for an e-mail address and for a whole part of it that is a telephone number, for file names are long
-- numbers, too; it cannot be masked, so it is refused instead. Every address is a link that somebody may
-- want to look at first, so they are held with links; where links are masked, they stay: an image is shown.
create or replace function chat_rules_of_images(given json, out said json, out leaks text[])
language plpgsql stable set search_path = public, pg_temp as $$
declare
	image record;
	ruled record;
	found record;
	made jsonb := '[]';
begin
	leaks := '{}';
	for image in
		select a.value::jsonb as it, a.ord - 1 as place from json_array_elements(given) with ordinality a (value, ord)
	loop
		select * into ruled from chat_rules(image.it ->> 'alt');
		leaks := leaks || ruled.leaks;
		made := made || (image.it || jsonb_build_object('alt', ruled.said));
		for found in
			select r.name, r.does from platform p cross join lateral (values
				('email', p.chat_email, '[[:alnum:]._+-]+(@|%40)[[:alnum:]-]+(\.[[:alnum:]-]+)+'),
				('phone', p.chat_phone, '[/=:](\+|%2B)?([[:digit:]][()-]{0,2}){8,}[[:digit:]]/?($|[?&#;])'),
				('link', nullif(p.chat_link, 'mask'), '.')
			) as r (name, does, pattern)
			where r.does <> 'allow' and image.it ->> 'url' ~* r.pattern
		loop
			if found.does = 'mask' then
				raise exception 'A field is not valid.' using errcode = 'SBI01', detail = json_build_object(
					'field', format('/attachments/%s/url', image.place), 'code', 'contact',
					'detail', 'A message must not contain contact details.');
			end if;
			leaks := leaks || found.name;
		end loop;
	end loop;
	said := case when given is not null then made::json end;
end $$;
grant execute on function chat_rules_of_images(json) to sebez_customer, sebez_vendor;
-- Whether it may be a reaction: a picture or a sign, and nothing that spells a contact. So no letters but
-- the few that are pictures, no digits of any kind but one key cap, and of the letters that flags are made
-- of one flag's.
create or replace function chat_is_reaction(given text) returns boolean
language sql immutable parallel safe
return given ~ (U&'^[0-9#*]\FE0F?\20E3$')
	or (translate(given, 'ℹⓂ🅰🅱🅾', '') !~ '[[:alnum:]]'
	    and normalize(given, nfkc) !~ '[[:digit:]]'
	    and given !~ '[🇦-🇿].*[🇦-🇿].*[🇦-🇿]');
grant execute on function chat_is_reaction(text) to sebez_customer, sebez_vendor;

