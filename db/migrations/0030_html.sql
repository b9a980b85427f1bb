-- Descriptions that are there are cleaned as far as patterns can (base/html.c cleans new ones): what is
-- plain stays, of links and pictures their addresses, and no other attribute and no other element.
set local role sebez_owner;

create function cleaned(html text) returns text language sql immutable as $$
	select translate(replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
		regexp_replace(regexp_replace(translate(html, chr(1) || chr(2), ''),
		'<!--.*?-->', '', 'g'),
		'<{1,1}?(script|style|svg|math|iframe|object|noscript|template|textarea|title|select|xmp)\M.*?</\1\M[^>]*>', '', 'gi'),
		'<a\M[^<>]*\mhref\s*=\s*["'']?(https?://[^"''<>\s\\@]+)[^<>]*>', E'\x01a href="\\1"\x02', 'gi'),
		'<img\M[^<>]*\msrc\s*=\s*["'']?(https?://[^"''<>\s\\@]+)[^<>]*>', E'\x01img src="\\1"\x02', 'gi'),
		'<(/?)(p|br|hr|div|span|h[1-6]|ul|ol|li|dl|dt|dd|b|strong|i|em|u|s|del|ins|sub|sup|small|blockquote|pre|code|'
		'table|caption|thead|tbody|tfoot|tr|th|td|a(?=\s*>))\M[^<>]*>', E'\x01\\1\\2\x02', 'gi'),
		'<[a-z/!?][^<>]*>', '', 'gi'),
		'<', '&lt;'), chr(1) || chr(2), '<>')
$$;
update product set description = cleaned(description) where description like '%<%';
update vendor set description = cleaned(description) where description like '%<%';
drop function cleaned(text);
