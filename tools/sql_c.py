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
    """The text of one combination, and its parameters in the order of their declaration."""
    clauses = statement.active(state)
    used = {p for c in clauses for p in c.params}
    params = [p for p in statement.params if p.name in used]
    text = squeeze("".join(c.text if not c.condition else f" {c.text} " for c in clauses))
    for number, param in enumerate(params, 1):
        text = text.replace(f"\0{param.name}\0", f"${number}")
    return text, params


def prototype(statement):
    args = ["struct db *db"]
    for p in statement.params:
        if p.words:
            args.append(f"enum {statement.name}_{p.name} {p.name}")
        else:
            args.append(p.type.declare(p.name, p.nullable))
    return f"struct rows *sql_{statement.name}({', '.join(args)})"


def rows_prototype(statement):
    row = f"struct {statement.name}_row"
    return (f"const {row} *sql_{statement.name}_rows(struct db *db, const struct rows *rows,"
            " size_t *ret_count)")


def condition_c(statement, condition):
    name, state = condition
    param = statement.param(name)
    if param.words:
        return f"{name} == {word_constant(statement, param, state)}"
    if not param.nullable:
        return name if state == "given" else f"!{name}"
    return f"{name} != NULL" if state == "given" else f"{name} == NULL"


def word_constant(statement, param, word):
    return f"{statement.name}_{param.name}_{word}".upper()


def write_header(area, statements):
    guard = f"SEBEZ_GEN_{re.sub(r'[^A-Za-z0-9]', '_', area).upper()}_SQL_H"
    out = [NOTICE.format(f"{area}.sql"), f"#ifndef {guard}\n#define {guard}\n"]
    out.append('#include "task/db.h"\n#include "task/params.h"\n#include "task/rows.h"\n')
    for s in statements:
        for p in s.params:
            if p.words:
                words = "".join(f"\t{word_constant(s, p, w)},\n" for w in p.words)
                out.append(f"enum {s.name}_{p.name} {{\n{words}}};\n")
        if s.columns:
            fields = "".join(f"\t{c.type.declare(c.c_name, c.nullable)};\n" for c in s.columns)
            out.append(f"struct {s.name}_row {{\n{fields}}};\n")
        comment = [c for c in s.comment if c]
        if comment:
            lines = [c.replace("*/", "* /") for c in comment]
            if len(lines) == 1:
                out.append(f"/* {lines[0]} */")
            else:
                out.append("/*\n" + "".join(f" * {line}\n" for line in lines) + " */")
        out.append(prototype(s) + ";")
        if s.columns:
            out.append(rows_prototype(s) + ";")
        out.append("")
    out.append("#endif")
    return "\n".join(out) + "\n"


def write_texts(statement):
    out = [f"const struct pg_statement sql_{statement.name}_statements[] = {{"]
    for index, state in enumerate(statement.combinations()):
        text, params = text_of(statement, state)
        types = f"(const Oid[]){{{', '.join(p.type.oid for p in params)}}}" if params else "NULL"
        name = statement.name + (f"/{index}" if index else "")
        out.append(f"\t{{.name = {c_string(name)},\n\t .text = {c_string(text)},\n"
                   f"\t .param_count = {len(params)},\n\t .param_types = {types},\n"
                   f"\t .reads_only = {str(statement.reads_only).lower()},\n"
                   + "\t .is_slow = true,\n" * statement.is_slow(state) +
                   f"\t .number = {statement.number + index}}},")
    out.append("};\n")
    return out


def write_function(s):
    out = [prototype(s), "{"]
    switches = s.switches()
    if s.params:
        out.append("\tstruct arena *arena = db_task(db)->arena;")
        out.append(f"\tstruct pg_param params[{max(len(s.params), 1)}];")
        out.append("\tint count = 0;")
    out.append("\tsize_t which = 0;\n")
    for p in s.params:
        if p.type and p.type.pointer and not p.nullable:
            out.append(f"\tassert({p.name} != NULL);")
        if p.words:
            out.append(f"\tassert((unsigned)({p.name}) < {len(p.words)});")
    for p, states in switches:
        if p.words:
            value = f"(size_t){p.name}"
        else:
            value = condition_c(s, (p.name, "given"))
            value = f"({value})" if " " in value else value
        out.append(f"\twhich = which * {len(states)} + {value};")
    if s.params:
        out.append("\t(void)arena;")
    for p in s.params:
        homes = [c for c in s.clauses if p.name in c.params]
        if not homes:
            continue
        value = p.name if p.type.pointer or p.nullable else f"&{p.name}"
        add = f"params[count++] = {p.type.encode}(arena, {value});"
        if all(c.condition for c in homes):
            conditions = list(dict.fromkeys(condition_c(s, c.condition) for c in homes))
            out.append(f"\tif ({' || '.join(conditions)})\n\t\t{add}")
        else:
            out.append(f"\t{add}")
    statement = f"&sql_{s.name}_statements[which]"
    if s.params:
        out.append(f"\tassert(count == sql_{s.name}_statements[which].param_count);")
    params = "params" if s.params else "NULL"
    out.append(f"\treturn db_statement(db, {statement}, ROWS_{s.kind.upper()}, {params});\n}}\n")
    return out


def write_source(area, statements):
    out = [NOTICE.format(f"{area}.sql")]
    out.append(f'#include "{area}.sql.h"\n\n#include <assert.h>\n#include <stddef.h>\n')
    out.append('#include "statements.gen.h"\n#include "store/pg_types.h"')
    out.append('#include "task/readers.h"\n')
    for s in statements:
        out += write_texts(s)
        if s.columns:
            out.append(f"const struct rows_field sql_{s.name}_fields[] = {{")
            for c in s.columns:
                nullable = str(c.nullable).lower()
                out.append(f"\t{{{c_string(c.name)}, {c.type.column}, {nullable}, "
                           f"offsetof(struct {s.name}_row, {c.c_name})}},")
            out.append("};\n")
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
