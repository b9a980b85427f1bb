/* What of a vendor's HTML may be shown. */
#include "unit.h"

#include <stdbool.h>

#include "base/html.h"
#include "clean_html.h"
#include "own_arena.h"

static void what_is_allowed_stays_and_what_is_not_goes(void **state)
{
	static const struct {
		const char *written, *clean;
	} CASES[] = {
	    {"", ""},
	    {"Salt & pepper \"to go\"", "Salt & pepper \"to go\""},
	    {"5 < 6 & 7 > 2", "5 &lt; 6 &amp; 7 &gt; 2"},
	    {"  <p>One</p>\n<p>two <b>three</b></p> ", "  <p>One</p>\n<p>two <b>three</b></p> "},
	    {"Plain, <em>then</em> not", "Plain, <em>then</em> not"},
	    {"<P CLASS=big STYLE='x:y' onclick=z() id=top>A</P>", "<p>A</p>"},
	    {"a<br>b<br/>c<hr>", "a<br>b<br>c<hr>"},
	    {"<ul><li>a<li>b</ul>", "<ul><li>a</li><li>b</li></ul>"},
	    {"<table><tr><td colspan=2>a", "<table><tr><td colspan=\"2\">a</td></tr></table>"},
	    {"<b>open", "<b>open</b>"},
	    {"shut</b></div></p>", "shut"},
	    {"<font color=red><section>x</section></font>", "x"},
	    {"<p>&eacute;&nbsp;&lt;b&gt;</p>", "<p>\u00e9\u00a0&lt;b&gt;</p>"},
	    {"a<!-- b --><script>c</script><style>d</style>e", "ae"},
	    {"a<iframe src=//x.example><b>b</b></iframe>c", "ac"},
	    {"a<svg><script>b</script><a href=https://x.example>c</a></svg>d", "ad"},
	    {"<a href='https://x.example/?a=1&b=2' target=_blank>a</a>",
	     "<a href=\"https://x.example/?a=1&amp;b=2\">a</a>"},
	    {"<a href=mailto:ada@example.com>a</a>", "<a href=\"mailto:ada@example.com\">a</a>"},
	    {"<a href=\"javascript:alert(1)\">a</a>", "a"},
	    {"<a href=\"mailto:\va@b.example\">a</a>", "a"},
	    {"<a href=\" jav&#x09;ascript:alert(1)\">a</a>", "a"},
	    {"<a href=data:text/html,x>a</a>", "a"},
	    {"<a href=/about>a</a>", "a"},
	    {"<a href=http://127.0.0.1/>a</a>", "a"},
	    {"<a href=https://ada:pw@x.example/>a</a>", "a"},
	    {"<img src=//cdn.example/a.jpg alt='A \"b\"' onerror=x>",
	     "<img src=\"https://cdn.example/a.jpg\" alt=\"A &quot;b&quot;\">"},
	    {"<img src=x onerror=alert(1)>", ""},
	    {"<img src=data:image/png;base64,AAAA>", ""},
	    {"<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">", ""},
	    {"<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img "
	     "src=1 onerror=alert(1)&gt;\">",
	     ""},
	    {"<meta http-equiv=content-type content='text/html; charset=utf-16'>\u00e9<b>x</b>",
	     "\u00e9<b>x</b>"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		const char *clean = html_clean(arena, CASES[i].written);

		assert_string_equal(clean, CASES[i].clean);
		assert_null(clean_html_wrong(clean));
	}
}

static char *repeated(const char *piece, size_t count)
{
	size_t length = strlen(piece);
	char *text = arena_alloc(arena, length * count + 1);

	for (size_t i = 0; i < count; i++)
		memcpy(text + i * length, piece, length);
	return text;
}

static void what_nobody_nests_so_deep_is_text(void **state)
{
	const char *clean = html_clean(arena, repeated("<b>", 20000));

	(void)state;
	assert_null(strchr(clean, '<'));
	assert_non_null(strstr(clean, "&lt;b&gt;"));
	clean = html_clean(arena, repeated("<i>x", 100));
	assert_null(clean_html_wrong(clean));
	assert_string_equal(html_clean(arena, clean), clean);
}

static const char *const PIECES[] = {
    "<",
    ">",
    "\"",
    "'",
    "=",
    "/",
    "&",
    " ",
    "<p>",
    "</p>",
    "<div",
    "</div>",
    "<b>",
    "</b>",
    "<a href=",
    "<img src=",
    "</a>",
    "<script",
    "</script>",
    "<style>",
    "</style>",
    "<svg>",
    "</svg>",
    "<math>",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "onerror=alert(1)",
    "javascript:",
    "https://x.example/",
    "//x",
    "&lt;",
    "&#x3c;",
    "&#60",
    "<table>",
    "<td>",
    "</table>",
    "<li>",
    "<br/>",
    "text",
    "\n",
    "\u00e9",
    "<textarea>",
    "</title>",
    "<title>",
    "<pre>\n",
    "<!DOCTYPE html>",
    "<body onload=x>",
    "</body>",
    "</html>",
    "<head>",
    "<frameset>",
    "<option>",
    "title=",
    "`",
    "<?x",
    "?>",
    "<h1>",
    "\t",
    "<noscript>",
    "<xmp>",
};

static const char *random_html(void)
{
	size_t count = (size_t)random_between(1, 25);
	char text[1024] = "";

	for (size_t i = 0; i < count; i++)
		strcat(text, PIECES[random_u64() % (sizeof(PIECES) / sizeof(PIECES[0]))]);
	return arena_strdup(arena, text);
}

static void whatever_is_written_comes_out_clean_and_stays_so(void **state)
{
	(void)state;
	random_begin();
	for (int i = 0; i < 20000; i++) {
		const char *written = random_html();
		const char *clean = html_clean(arena, written);

		if (clean_html_wrong(clean) != NULL)
			fail_msg("%s becomes %s", written, clean);
		if (strcmp(html_clean(arena, clean), clean) != 0)
			fail_msg("%s becomes %s, then %s", written, clean,
			         html_clean(arena, clean));
	}
}

int main(void)
{
	static const struct CMUnitTest TESTS[] = {
	    cmocka_unit_test(what_is_allowed_stays_and_what_is_not_goes),
	    cmocka_unit_test(what_nobody_nests_so_deep_is_text),
	    cmocka_unit_test(whatever_is_written_comes_out_clean_and_stays_so),
	};

	return cmocka_run_group_tests(TESTS, arena_set_up, arena_tear_down);
}
