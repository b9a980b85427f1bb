-- Product search: how texts become words, and words a query. Both are folded in the same way. After changing
-- a rule here, increment the number in search_source(): the last statement of this file then recomputes the
-- words of every product.
set local role sebez_owner;

-- Folds text for comparison: compatibility forms, accents, case, and letters and marks that readers of
-- Arabic, Hebrew and Ethiopic scripts treat as equal. For ASCII only case matters. Declared immutable, which
-- holds as long as unaccent's rules are not edited.
create or replace function search_folded(text) returns text language sql immutable strict parallel safe
return case when octet_length($1) = length($1) then lower($1) else regexp_replace(
	translate(lower(public.unaccent('public.unaccent'::regdictionary, normalize($1, NFKC))),
		-- Alef, yeh, teh marbuta and kaf; then the Ethiopic series of h, s, glottal stop and ts.
		'أإآٱىیةؤئک' || 'ሐሑሒሓሔሕሖሗ' || 'ኀኁኂኃኄኅኆኇ' || 'ሃ' || 'ሠሡሢሣሤሥሦሧ' || 'ዐዑዒዓዔዕዖ዗' || 'ኣ' || 'ፀፁፂፃፄፅፆፇ',
		'ااااييهويك' || 'ሀሁሂሀሄህሆሇ' || 'ሀሁሂሀሄህሆሇ' || 'ሀ' || 'ሰሱሲሳሴስሶሷ' || 'አኡኢአኤእኦኧ' || 'አ' || 'ጸጹጺጻጼጽጾጿ'),
	-- Vowel marks of Hebrew and Arabic, tatweel (which only stretches a word), and invisible characters.
	'[\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed\u00ad\u200b-\u200f\u2060\ufeff]', '', 'g') end;
grant execute on function search_folded(text) to sebez_kernel;

-- Characters that are each a word, as a class of a regular expression: of the scripts without spaces (Thai,
-- Lao, Burmese, Khmer, Japanese, Chinese), and of Korean, whose words take endings.
create or replace function search_characters() returns text language sql immutable parallel safe
return '[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30fa\u30fc-\u30ff'
	'\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff]';
grant execute on function search_characters() to sebez_kernel;

-- Hyphens, underscores, slashes and dots inside a word: AB-123, but not 1.5.
create or replace function search_hyphens() returns text language sql immutable parallel safe
return '(?<=[[:alnum:]])[-_/\u2010-\u2015](?=[[:alnum:]])|(?<=[[:alpha:]])\.(?=[[:alnum:]])';
grant execute on function search_hyphens() to sebez_kernel;

-- Folded text with a space at each word boundary.
create or replace function search_spaced(folded text) returns text language sql immutable strict parallel safe
return case when octet_length(folded) = length(folded) then regexp_replace(folded, search_hyphens(), ' ', 'g')
       else regexp_replace(regexp_replace(folded, search_hyphens(), ' ', 'g'),
                           '(' || search_characters() || ')', ' \1 ', 'g') end;
grant execute on function search_spaced(text) to sebez_kernel;

-- A regular expression of a word with such characters in it.
create or replace function search_compound() returns text language sql immutable parallel safe
return '[[:alnum:]]+(?:[-_/.\u2010-\u2015][[:alnum:]]+)+';
grant execute on function search_compound() to sebez_kernel;

-- AB-123 as AB123, to match queries without the hyphen.
create or replace function search_joined(folded text) returns text language sql immutable strict parallel safe
return (select string_agg(regexp_replace(m.compound[1], '[^[:alnum:]]', '', 'g'), ' ')
        from regexp_matches(folded, search_compound(), 'g') as m (compound));
grant execute on function search_joined(text) to sebez_kernel;

-- The search words of a product: of its title, then of names and numbers, then of its description.
create or replace function search_words(title text, names text, description text) returns tsvector
language sql immutable parallel safe
return setweight(to_tsvector('english', search_spaced(search_folded(title))), 'A')
    || setweight(to_tsvector('english', search_spaced(search_folded(names))), 'B')
    || setweight(to_tsvector('english', coalesce(search_joined(search_folded(title || ' ' || names)), '')), 'B')
    || setweight(to_tsvector('english', search_spaced(search_folded(left(description, 20000)))), 'C');
grant execute on function search_words(text, text, text) to sebez_kernel;

-- A user's input as a query: words, "phrases", -excluded. Compounds, and runs of a script without spaces,
-- become phrases unless the input has its own quotes.
create or replace function search_query(words text) returns tsquery language sql immutable strict parallel safe
return websearch_to_tsquery('english', search_spaced(case
	when words like '%"%' then search_folded(words)
	else regexp_replace(search_folded(words),
		'(-?)(' || search_compound() || '|' || search_characters() || '+)', ' \1"\2" ', 'g')
	end));
grant execute on function search_query(text) to sebez_kernel;

-- Whether words may match a title despite a typing error: not when words are excluded, and not where each
-- character is a word, because similarity says little there.
create or replace function search_forgives(words text) returns boolean language sql immutable strict parallel safe
return words !~ ('(^|\s)-|' || search_characters());
grant execute on function search_forgives(text) to sebez_kernel;

set local role sebez_kernel;

-- The names and numbers by which a product is found.
create or replace function search_names(product product) returns text
language sql stable set search_path = public, pg_temp as $$
	select concat_ws(' ', product.product_type, spaced(product.tags), string_agg(x.sku, ' ' order by x.sku),
	                 string_agg(x.barcode, ' ' order by x.barcode))
	from variant x
	where x.vendor_id = product.vendor_id and x.product_id = product.id and x.deleted_at is null;
$$;
grant execute on function search_names(product) to sebez_owner;

-- The values matched by the option filter: color:blue, size:m.
create or replace function search_option_values(product product) returns text[]
language sql stable set search_path = public, pg_temp as $$
	select coalesce(array_agg(distinct lower(o.value ->> 'name') || ':' || lower(case o.position
		when 1 then x.option1 when 2 then x.option2 else x.option3 end)), '{}')
	from variant x, json_array_elements(product.options) with ordinality as o (value, position)
	where x.vendor_id = product.vendor_id and x.product_id = product.id and x.deleted_at is null;
$$;
grant execute on function search_option_values(product) to sebez_owner;

-- A hash of the texts and of the rules above. The number is the version of the rules.
create or replace function search_source(title text, names text, description text) returns bigint
language sql immutable parallel safe
return hashtextextended(title || chr(31) || names || chr(31) || description, 1);
grant execute on function search_source(text, text, text) to sebez_owner;

-- Updates the search rows of products after their listing rows. For refresh_products(). Words are recomputed
-- only when a text changed.
create or replace function refresh_search(product_ids uuid[]) returns void
language plpgsql set search_path = public, pg_temp as $$
begin
	delete from product_search s using product p
	where p.id = any (product_ids) and s.vendor_id = p.vendor_id and s.product_id = p.id
	and p.deleted_at is not null;

	with d as materialized (
		select p.vendor_id, p.id, p.title, p.description, search_option_values(p) as option_values, n.names,
		       search_source(p.title, n.names, p.description) as source,
		       exists (select from listing l where l.product_id = p.id) as published
		from product p
		cross join lateral (select search_names(p) as names) n
		where p.id = any (product_ids) and p.deleted_at is null
	), changed as (
		update product_search s
		set published = d.published, option_values = d.option_values, source = d.source,
		    words = case when s.source = d.source then s.words
		            else search_words(d.title, d.names, d.description) end,
		    title = case when s.source = d.source then s.title else search_folded(d.title) end
		from d
		where s.vendor_id = d.vendor_id and s.product_id = d.id
		and (s.published, s.option_values, s.source) is distinct from (d.published, d.option_values, d.source)
	)
	insert into product_search (vendor_id, product_id, published, source, words, title, option_values)
	select d.vendor_id, d.id, d.published, d.source, search_words(d.title, d.names, d.description),
	       search_folded(d.title), d.option_values
	from d
	where not exists (select from product_search s where s.vendor_id = d.vendor_id and s.product_id = d.id);
end $$;

-- Finds products that match the words and have all of the option values; null skips a filter. Words match by
-- the product's words or, with typing errors, by its title. ranked: computes a relevance score in millionths,
-- for at most `most` products. Planned for each call, because the best index depends on the words. Called by
-- the functions below, which set the scope.
create or replace function search_found(words text, options text[], ranked boolean, most int, of_vendor uuid,
	only_published boolean) returns table (vendor_id uuid, product_id uuid, score bigint)
language plpgsql stable set search_path = public, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
	query tsquery := search_query(words);
	folded_words text := search_folded(words);
	forgives boolean := coalesce(search_forgives(words), false);
begin
	return query
	select s.vendor_id, s.product_id, case when ranked
	       then (1000000 * (ts_rank(s.words, query) + word_similarity(folded_words, s.title)))::bigint end
	from product_search s
	where (of_vendor is null or s.vendor_id = of_vendor)
	and (not only_published or s.published)
	and (options is null or s.option_values @> lowered(options))
	and (search_found.words is null or s.words @@ query or forgives and folded_words <% s.title)
	limit most;
end $$;

-- Searches all published products.
create or replace function products_found(words text, options text[], ranked boolean, most int)
returns table (vendor_id uuid, product_id uuid, score bigint)
language sql stable security definer set search_path = public, pg_temp as $$
	select * from search_found(words, options, ranked, most, null, true);
$$;
grant execute on function products_found(text, text[], boolean, int) to sebez_public, sebez_customer;

-- Searches the acting vendor's products, of any status.
create or replace function own_products_found(words text) returns table (vendor_id uuid, product_id uuid, score bigint)
language sql stable security definer set search_path = public, pg_temp as $$
	select * from search_found(words, null, false, null,
		coalesce(current_vendor(), '00000000-0000-0000-0000-000000000000'), false);
$$;
grant execute on function own_products_found(text) to sebez_vendor;

create or replace function all_products_found(words text) returns table (vendor_id uuid, product_id uuid, score bigint)
language sql stable security definer set search_path = public, pg_temp as $$
	select * from search_found(words, null, false, null, null, false);
$$;
grant execute on function all_products_found(text) to sebez_admin;

-- Recomputes products whose search row is missing or was made by older rules.
select refresh_search(array(
	select p.id from product p
	where p.deleted_at is null and not exists (
		select from product_search s
		where s.vendor_id = p.vendor_id and s.product_id = p.id
		and s.source = search_source(p.title, search_names(p), p.description))));
