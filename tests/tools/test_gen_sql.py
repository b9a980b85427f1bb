"""What tools/gen_sql.py makes of statements, and what it says about mistakes."""

import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import sql_c  # noqa: E402
import sql_model  # noqa: E402


def read(text):
    return sql_model.Reader("area.sql", text).statements()


def texts(text):
    (statement,) = read(text)
    return [sql_c.text_of(statement, state)[0] for state in statement.combinations()]


def mistake(text):
    with pytest.raises(sql_model.SqlError) as raised:
        read(text)
    return str(raised.value)


def test_a_statement_becomes_a_function():
    (statement,) = read("-- thing (id uuid, name text?): maybe\n-- One.\n"
                        "select :name where id = :id;\n")
    assert sql_c.prototype(statement) == \
        "struct rows *sql_thing(struct db *db, struct uuid id, const char *name)"
    assert statement.comment == ["One."]
    assert statement.reads_only


def test_parameters_are_numbered_in_their_order():
    assert texts("-- t (a int, b int): one\nselect :b, :a, :b;") == ["select $2, $1, $2"]


def test_casts_slices_strings_and_comments_are_not_parameters():
    text = ("-- t (a int): one\nselect x::int, y[1:2], ':z', \":q\", $$ :r ; $$ -- :s\n"
            ", :a /* :u; */;")
    assert texts(text) == ["select x::int, y[1:2], ':z', \":q\", $$ :r ; $$ , $1"]


def test_optional_clauses_make_a_text_for_each_combination():
    made = texts("-- t (a int?, s choice(up, down)): many\n"
                 "select 1 [a: where x = :a] [!a: where true] "
                 "[s = up: order by x] [s = down: order by y];")
    assert made == ["select 1 where true order by x", "select 1 where true order by y",
                    "select 1 where x = $1 order by x", "select 1 where x = $1 order by y"]


def test_brackets_of_arrays_may_stand_in_clauses():
    assert texts("-- t (a int?): many\nselect 1 [a: where x = (array[:a, 2])[1]];")[1] == \
        "select 1 where x = (array[$1, 2])[1]"


def test_a_bool_makes_a_clause_too():
    assert texts("-- t (a bool): many\nselect 1[a: where x];") == ["select 1", "select 1 where x"]


@pytest.mark.parametrize("sql, reads", [
    ("select 1", True), ("with x as (select 1) select * from x", True), ("values (1)", True),
    ("insert into t values (1)", False), ("update t set a = 1", False),
    ("with x as (delete from t returning 1) select * from x", False),
])
def test_reads_are_told_from_writes(sql, reads):
    assert read(f"-- t (): many\n{sql};")[0].reads_only is reads


def test_a_select_may_be_marked_as_writing():
    assert not read("-- t (): one writes\nselect take();")[0].reads_only


def test_a_statement_may_be_slow_as_a_whole_or_with_a_clause():
    (whole,) = read("-- t (): many slow\nselect 1;")
    assert [whole.is_slow(state) for state in whole.combinations()] == [True]
    (clause,) = read("-- t (a int?, s choice(up, down)): many\n"
                     "select 1 [a slow: where x = :a] [s = up slow: order by x];")
    assert [clause.is_slow(state) for state in clause.combinations()] == [True, False, True, True]


def test_a_header_may_take_several_lines():
    (statement,) = read("-- t (a int,\n--    b int): many\n-- -> (id uuid, at time?)\n"
                        "-- Text.\nselect :a, :b;")
    assert [p.name for p in statement.params] == ["a", "b"]
    assert [c.name for c in statement.columns] == ["id", "at"]
    assert statement.comment == ["Text."]


def test_a_comment_apart_is_not_a_header():
    assert len(read("-- About (these): things.\n\n-- t (): one\nselect 1;")) == 1


LINES = "lines rows(id uuid, note text?, quantity int)"


def test_rows_are_a_relation_with_an_array_for_each_column():
    (statement,) = read(f"-- t (a int, {LINES}, b int): none\n"
                        "insert into x select l.*, :a, :b from :lines as l;")
    text, oids = sql_c.text_of(statement, {})
    assert text == ("insert into x select l.*, $1, $5 "
                    "from unnest($2, $3, $4) as l (id, note, quantity)")
    assert oids == ["PG_INT4_OID", "PG_UUID_ARRAY_OID", "PG_TEXT_ARRAY_OID", "PG_INT4_ARRAY_OID",
                    "PG_INT4_OID"]
    assert sql_c.prototype(statement) == (
        "struct rows *sql_t(struct db *db, int32_t a, size_t lines_count, "
        "const struct t_lines *lines, int32_t b)")


def test_rows_may_be_numbered():
    assert texts("-- t (x rows(a int)): many\nselect ordinality from :x with ordinality as r;") == \
        ["select ordinality from unnest($1) with ordinality as r (a)"]


def test_a_column_of_rows_may_be_taken_as_an_array():
    assert texts("-- t (x rows(a int, b int)): many\nselect f(:x.b, :x.a), :x.b;") == \
        ["select f($2, $1), $2"]


def test_records_are_shared_and_each_statement_sends_what_it_uses():
    one, two = read("-- record r (a int, b int?, c json)\n-- Shared.\n\n"
                    "-- t (x r[]): many\nselect * from :x as x (c, a);\n\n"
                    "-- u (x r[]): many\nselect * from :x as x (b);\n")
    assert sql_c.text_of(one, {}) == ("select * from unnest($2, $1) as x (c, a)",
                                      ["PG_INT4_ARRAY_OID", "PG_JSONB_ARRAY_OID"])
    assert sql_c.text_of(two, {}) == ("select * from unnest($1) as x (b)", ["PG_INT4_ARRAY_OID"])
    assert sql_c.write_header("x", [one, two]).count(
        "/* Shared. */\nstruct r {\n\tint32_t a;\n\tconst int32_t *b;\n\tconst char *c;\n};") == 1


def test_rows_may_stand_in_a_clause():
    made = texts("-- t (a bool, x rows(b int)): many\nselect 1[a: from :x as x];")
    assert made == ["select 1", "select 1 from unnest($1) as x (b)"]


def test_more_than_five_parameters_are_given_by_name():
    names = "abcdef"
    (five, six) = (read(f"-- t ({', '.join(f'{n} int' for n in names[:count])}): one\n"
                        f"select {', '.join(f':{n}' for n in names[:count])};")[0]
                   for count in (5, 6))
    assert "int32_t e)" in sql_c.prototype(five)
    assert sql_c.prototype(six) == \
        "struct rows *sql_t(struct db *db, const struct t_args *args)"
    assert "struct t_args {\n\tint32_t a;" in sql_c.write_header("x", [six])


@pytest.mark.parametrize("text, said", [
    ("-- t (x rows(a int)): one\nselect :x;", "area.sql:2: x is a relation: say :x as x"),
    ("-- t (x rows(a int)): one\nselect from :x x;", "area.sql:2: x is a relation"),
    ("-- t (x rows(a int)): one\nselect :x.b;", "area.sql:2: b is not a column of x"),
    ("-- t (x rows(a int)): one\nselect from :x as x (b);", "area.sql:2: b is not a column of x"),
    ("-- t (x rows(a int, b int)): one\nselect :x.a;",
     "area.sql:1: column b of t_x is declared but not used"),
    ("-- t (x rows(a int[])): one\nselect :x.a;", "area.sql:1: a column cannot be of type int[]"),
    ("-- t (x rows(a int, a int)): one\nselect :x.a;",
     "area.sql:1: column a is declared twice"),
    ("-- t (x rows()): one\nselect from :x as x;", "area.sql:1: the record t_x has no columns"),
    ("-- t (x rows(a.b int)): one\nselect from :x as x;",
     "area.sql:1: 'a.b' cannot be a column of a record"),
    ("-- t (x rows(" + ", ".join(f"a{i} int" for i in range(65)) + ")): one\nselect from :x as x;",
     "area.sql:1: more than 64 parameters, of which each column of a relation is one"),
    ("-- t (x r[]): one\nselect from :x as x;", "area.sql:1: unknown type r[]"),
    ("-- record r (a int)\n\n-- t (x r[]?): one\nselect from :x as x;",
     "area.sql:3: x cannot be NULL"),
    ("-- record r (a int)\n\n-- record r (a int)\n\n",
     "area.sql:3: the record r is declared twice"),
    ("-- record r (a int): one\n\n", "area.sql:1: a record is declared so"),
    ("-- record r (a int\n\n", "area.sql:1: a record is declared so"),
    ("-- record r (a int)\n\n", "area.sql:1: column a of r is declared but not used"),
    ("-- t (): one\nselect 1\n-- record r (a int)\n;",
     "area.sql:3: a declaration inside a statement"),
])
def test_mistakes_with_rows_are_named_with_their_line(text, said):
    assert mistake(text).startswith(said)


@pytest.mark.parametrize("text, said", [
    ("select 1;", "area.sql:1: a statement needs a header"),
    ("\n-- t (a float): one\nselect :a;", "area.sql:2: unknown type float"),
    ("-- t (): some\nselect 1;", "area.sql:1: after the parameters comes one of"),
    ("-- t (): one\nselect\n:b;", "area.sql:3: parameter b is not declared"),
    ("-- t (a int): one\nselect 1;", "area.sql:1: parameter a is declared but not used"),
    ("-- t (): one\nselect 1", "area.sql:2: the statement has no semicolon"),
    ("-- t (): one\nselect 1; select 2;", "area.sql:2: one statement at a time"),
    ("-- t (a int): one\nselect :a [a: x];", "area.sql:2: a is always given"),
    ("-- t (a int?): one\nselect 1 [a: x", "area.sql:2: the statement has no semicolon"),
    ("-- t (a int?): one\nselect 1 [a: x;", "area.sql:2: the optional clause is not closed"),
    ("-- t (a int?, b int?): one\nselect 1 [a: x [b: y]];",
     "area.sql:2: optional clauses do not nest"),
    ("-- t (a choice(b, c)): one\nselect :a;", "area.sql:2: a is a choice"),
    ("-- t (a choice(b, c)): one\nselect 1 [a = d: x];",
     "area.sql:2: d is not a word of the choice a"),
    ("-- t (int int): one\nselect :int;", "area.sql:1: 'int' cannot be a parameter"),
    ("-- t (a int, a int): one\nselect :a;", "area.sql:1: parameter a is declared twice"),
    ("-- t (): one\nselect 1\n-- u (): one\nselect 2;",
     "area.sql:3: a declaration inside a statement"),
    ("-- t (): one\nselect 'abc;", "area.sql:2: the quotation is not closed"),
    ("-- t (" + ", ".join(f"a{i} int?" for i in range(12)) + "): one\nselect 1"
     + "".join(f"[a{i}: x]" for i in range(12)) + ";", "area.sql:1: 4096 combinations"),
])
def test_mistakes_are_named_with_their_line(text, said):
    assert mistake(text).startswith(said)


def test_a_name_in_two_files_is_a_mistake(tmp_path):
    for area in "ab":
        (tmp_path / f"{area}.sql").write_text("-- t (): one\nselect 1;\n")
    made = subprocess.run(
        [sys.executable, ROOT / "tools/gen_sql.py", "--out", tmp_path / "out",
         tmp_path / "a.sql", tmp_path / "b.sql"], capture_output=True, text=True)
    assert made.returncode == 1
    assert "b.sql:1: t is already in" in made.stderr


def test_numbers_are_dense_over_all_files(tmp_path):
    (tmp_path / "a.sql").write_text("-- t (x int?): one\nselect 1 [x: , :x];\n")
    (tmp_path / "b.sql").write_text("-- u (): one\nselect 1;\n")
    areas = sql_model.read_all([tmp_path / "a.sql", tmp_path / "b.sql"])
    assert [s.number for statements in areas.values() for s in statements] == [64, 66]
