"""sql_c: writes the C of the statements that sql_model has read."""

import pathlib
import re

from sql_model import TOKEN

NOTICE = "/* Made by tools/gen_sql.py from {}: change that, not this. */\n"


def c_string(text):
    for plain, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\t", "\\t")):
        text = text.replace(plain, escaped)
    return f'"{text}"'


def squeeze(text):
    """One space for each run of white space outside quotations."""
    out = []
    for match in TOKEN.finditer(text):
        if match.lastgroup == "space":
            if out and out[-1] != " ":
                out.append(" ")
        else:
            out.append(match[0])
    return "".join(out).strip()


def text_of(statement, state):
    """The text of one combination, and the types of what is sent for it."""
    text = squeeze("".join(c.text if not c.condition else f" {c.text} "
                           for c in statement.active(state)))
    wire = statement.wire(state)
    for number, (placeholder, _) in enumerate(wire, 1):
        text = text.replace(placeholder, f"${number}")
    return text, [oid for _, oid in wire]


def declarations(statement):
    """The parameters as C declares them."""
    out = []
    for p in statement.params:
        if p.words:
            out.append(f"enum {statement.name}_{p.name} {p.name}")
        elif p.record:
            out += [f"size_t {p.name}_count", f"const struct {p.record.name} *{p.name}"]
        else:
            out.append(p.type.declare(p.name, p.nullable))
    return out


def prototype(statement):
    args = declarations(statement)
    if statement.takes_struct():
        args = [f"const struct {statement.name}_args *args"]
    return f"struct rows *sql_{statement.name}({', '.join(['struct db *db'] + args)})"


def value(statement, param):
    return f"args->{param.name}" if statement.takes_struct() else param.name


def rows_prototype(statement):
    row = f"struct {statement.name}_row"
    return (f"const {row} *sql_{statement.name}_rows(struct db *db, const struct rows *rows,"
            " size_t *ret_count)")


def condition_c(statement, condition):
    param, state = statement.param(condition[0]), condition[1]
    name = value(statement, param)
    if param.words:
        return f"{name} == {word_constant(statement, param, state)}"
    if not param.nullable:
        return name if state == "given" else f"!{name}"
    return f"{name} != NULL" if state == "given" else f"{name} == NULL"


def word_constant(statement, param, word):
    return f"{statement.name}_{param.name}_{word}".upper()


def write_struct(name, fields):
    return f"struct {name} {{\n" + "".join(f"\t{f};\n" for f in fields) + "};\n"


def write_comment(lines):
    lines = [line.replace("*/", "* /") for line in lines if line]
    if len(lines) < 2:
        return [f"/* {line} */" for line in lines]
    return ["/*\n" + "".join(f" * {line}\n" for line in lines) + " */"]


def write_columns(record_or_row, columns):
    return write_struct(record_or_row, [c.type.declare(c.c_name, c.nullable) for c in columns])


def write_header(area, statements):
    guard = f"SEBEZ_GEN_{re.sub(r'[^A-Za-z0-9]', '_', area).upper()}_SQL_H"
    out = [NOTICE.format(f"{area}.sql"), f"#ifndef {guard}\n#define {guard}\n"]
    out.append('#include "task/db.h"\n#include "task/params.h"\n#include "task/rows.h"\n')
    written = []
    for s in statements:
        for p in s.params:
            if p.words:
                words = "".join(f"\t{word_constant(s, p, w)},\n" for w in p.words)
                out.append(f"enum {s.name}_{p.name} {{\n{words}}};\n")
            if p.record and p.record.name not in written:
                written.append(p.record.name)
                out += write_comment(p.record.comment)
                out.append(write_columns(p.record.name, p.record.columns))
        if s.columns:
            out.append(write_columns(f"{s.name}_row", s.columns))
        if s.takes_struct():
            out.append(write_struct(f"{s.name}_args", declarations(s)))
        out += write_comment(s.comment)
        out.append(prototype(s) + ";")
        if s.columns:
            out.append(rows_prototype(s) + ";")
        out.append("")
    out.append("#endif")
    return "\n".join(out) + "\n"


def write_texts(statement):
    out = [f"const struct pg_statement sql_{statement.name}_statements[] = {{"]
    for index, state in enumerate(statement.combinations()):
        text, oids = text_of(statement, state)
        types = f"(const Oid[]){{{', '.join(oids)}}}" if oids else "NULL"
        name = statement.name + (f"/{index}" if index else "")
        out.append(f"\t{{.name = {c_string(name)},\n\t .text = {c_string(text)},\n"
                   f"\t .param_count = {len(oids)},\n\t .param_types = {types},\n"
                   f"\t .reads_only = {str(statement.reads_only).lower()},\n"
                   + "\t .is_slow = true,\n" * statement.is_slow(state) +
                   f"\t .number = {statement.number + index}}},")
    out.append("};\n")
    return out


def write_fields(name, struct, columns):
    out = [f"{name} = {{"]
    for c in columns:
        out.append(f"\t{{{c_string(c.name)}, {c.type.column}, {str(c.nullable).lower()}, "
                   f"offsetof(struct {struct}, {c.c_name})}},")
    return out + ["};\n"]


def write_records(s):
    """What of the records is sent."""
    out = []
    for p in s.params:
        if p.record:
            out += write_fields(f"static const struct rows_field {s.name}_{p.name}_fields[]",
                                p.record.name, p.columns())
    return out


def write_checks(s):
    """Asserts of what is given, and the choice of the text."""
    out = []
    for p in s.params:
        if p.type and p.type.pointer and not p.nullable:
            out.append(f"\tassert({value(s, p)} != NULL);")
        if p.words:
            out.append(f"\tassert((unsigned)({value(s, p)}) < {len(p.words)});")
    for p, states in s.switches():
        which = f"(size_t){value(s, p)}" if p.words else condition_c(s, (p.name, "given"))
        which = f"({which})" if "=" in which else which
        out.append(f"\twhich = which * {len(states)} + {which};")
    return out


def write_encoding(s, p):
    """One parameter's way to PostgreSQL, in the combinations that have it."""
    homes = [c for c in s.clauses if p.name in c.params]
    if not homes:
        return []
    given = value(s, p)
    if p.record:
        fields = f"{s.name}_{p.name}_fields"
        add = (f"count += param_columns(arena, &params[count], {given}_count, {given}, "
               f"sizeof({given}[0]), {len(p.columns())}, {fields});")
    else:
        given = given if p.type.pointer or p.nullable else f"&{given}"
        add = f"params[count++] = {p.type.encode}(arena, {given});"
    if not all(c.condition for c in homes):
        return [f"\t{add}"]
    conditions = list(dict.fromkeys(condition_c(s, c.condition) for c in homes))
    return [f"\tif ({' || '.join(conditions)})\n\t\t{add}"]


def write_function(s):
    out = [prototype(s), "{"]
    if s.params:
        out.append("\tstruct arena *arena = db_task(db)->arena;")
        out.append(f"\tstruct pg_param params[{max(len(s.wire()), 1)}];")
        out.append("\tint count = 0;")
    out.append("\tsize_t which = 0;\n")
    out += write_checks(s)
    if s.params:
        out.append("\t(void)arena;")
    for p in s.params:
        out += write_encoding(s, p)
    if s.params:
        out.append(f"\tassert(count == sql_{s.name}_statements[which].param_count);")
    params = "params" if s.params else "NULL"
    out.append(f"\treturn db_statement(db, &sql_{s.name}_statements[which], "
               f"ROWS_{s.kind.upper()}, {params});\n}}\n")
    return out


def write_source(area, statements):
    out = [NOTICE.format(f"{area}.sql")]
    out.append(f'#include "{area}.sql.h"\n\n#include <assert.h>\n#include <stddef.h>\n')
    out.append('#include "statements.gen.h"\n#include "store/pg_types.h"')
    out.append('#include "task/readers.h"\n')
    for s in statements:
        out += write_texts(s)
        if s.columns:
            out += write_fields(f"const struct rows_field sql_{s.name}_fields[]",
                                f"{s.name}_row", s.columns)
        out += write_records(s)
        out += write_function(s)
        if s.columns:
            out.append(f"{rows_prototype(s)}\n{{\n\treturn rows_read(db_task(db)->arena, rows, "
                       f"{len(s.columns)}, sql_{s.name}_fields,\n\t                 "
                       f"sizeof(struct {s.name}_row), ret_count);\n}}\n")
    return "\n".join(out)


def write_list_header(statements):
    out = [NOTICE.format("all statements")]
    out.append("#ifndef SEBEZ_GEN_STATEMENTS_GEN_H\n#define SEBEZ_GEN_STATEMENTS_GEN_H\n")
    out.append('#include "task/readers.h"\n#include "task/statements.h"\n')
    for s in statements:
        out.append(f"extern const struct pg_statement sql_{s.name}_statements[];")
        if s.columns:
            out.append(f"extern const struct rows_field sql_{s.name}_fields[];")
    out.append("\n#endif")
    return "\n".join(out) + "\n"


def write_list(statements):
    out = [NOTICE.format("all statements"), '#include "statements.gen.h"\n']
    out.append("const struct sql_source SQL_SOURCES[] = {")
    for s in statements:
        count = sum(1 for _ in s.combinations())
        fields = f"sql_{s.name}_fields" if s.columns else "NULL"
        out.append(f'\t{{"{pathlib.Path(s.path).name}", {s.line}, ROWS_{s.kind.upper()}, '
                   f"sql_{s.name}_statements, {count}, {fields}, {len(s.columns)}}},")
    total = sum(sum(1 for _ in s.combinations()) for s in statements)
    out.append("\t{0}, /* C has no empty arrays */\n};\n")
    out.append(f"const size_t SQL_SOURCE_COUNT = {len(statements)};")
    out.append(f"const size_t SQL_STATEMENT_COUNT = {total};")
    return "\n".join(out) + "\n"
