"""sql_model: reads the named statements of .sql files, as docs/ARCHITECTURE.md describes them."""

import itertools
import pathlib
import re
from dataclasses import dataclass, field

FIRST_NUMBER = 64  # lower numbers are for statements written by hand (src/task/db_envelope.c)
PARAMS_MAX = 32  # LIMIT_PG_PARAMS
COMBINATIONS_MAX = 2048  # of one statement: each is a text in the program
KINDS = ("none", "one", "maybe", "many")
OUR_WORDS = {"db", "rows", "count", "params", "which", "arena"}
C_WORDS = OUR_WORDS | set(
    "auto break case char const continue default do double else enum extern float for goto "
    "if inline int long register restrict return short signed sizeof static struct switch "
    "typedef union unsigned void volatile while bool true false db rows count params which "
    "arena asm typeof".split()
)


@dataclass(frozen=True)
class Type:
    """How a type of the language looks in C and in PostgreSQL."""

    c: str  # of a value that cannot be NULL
    oid: str
    encode: str
    pointer: bool = False  # the C type can itself be NULL
    column: str = ""  # enum rows_type, when it may be declared in `-> ( )`

    def declare(self, name, nullable):
        if self.pointer:
            return f"{self.c} *{name}"
        return f"const {self.c} *{name}" if nullable else f"{self.c} {name}"


TYPES = {
    "uuid": Type("struct uuid", "PG_UUID_OID", "param_uuid", column="ROWS_UUID"),
    "text": Type("const char", "PG_TEXT_OID", "param_text", pointer=True, column="ROWS_TEXT"),
    "int": Type("int32_t", "PG_INT4_OID", "param_int", column="ROWS_INT"),
    "bigint": Type("int64_t", "PG_INT8_OID", "param_bigint", column="ROWS_BIGINT"),
    "bool": Type("bool", "PG_BOOL_OID", "param_bool", column="ROWS_BOOL"),
    "time": Type("int64_t", "PG_TIMESTAMPTZ_OID", "param_time", column="ROWS_TIME"),
    "double": Type("double", "PG_FLOAT8_OID", "param_double", column="ROWS_DOUBLE"),
    "json": Type("const char", "PG_JSONB_OID", "param_json", pointer=True, column="ROWS_JSON"),
    "bytea": Type("struct bytes", "PG_BYTEA_OID", "param_bytea", column="ROWS_BYTEA"),
    "uuid[]": Type("struct uuid_array", "PG_UUID_ARRAY_OID", "param_uuid_array"),
    "text[]": Type("struct text_array", "PG_TEXT_ARRAY_OID", "param_text_array"),
    "int[]": Type("struct int_array", "PG_INT4_ARRAY_OID", "param_int_array"),
    "bigint[]": Type("struct bigint_array", "PG_INT8_ARRAY_OID", "param_bigint_array"),
}


class SqlError(Exception):
    def __init__(self, path, line, message):
        super().__init__(f"{path}:{line}: {message}")


@dataclass
class Param:
    name: str
    type: Type = None
    nullable: bool = False
    words: list = field(default_factory=list)  # of a choice


@dataclass
class Column:
    name: str
    type: Type
    nullable: bool

    @property
    def c_name(self):
        return self.name.replace(".", "_")


@dataclass
class Clause:
    """A piece of text that is there only under a condition; `condition` None is always there."""

    text: str
    params: list
    condition: tuple = None  # (param name, "given" | "absent" | word)
    slow: bool = False


@dataclass
class Statement:
    path: str
    line: int
    name: str
    params: list
    kind: str
    writes: bool
    slow: bool
    columns: list
    comment: list
    clauses: list = field(default_factory=list)
    reads_only: bool = False
    number: int = 0

    def param(self, name):
        return next((p for p in self.params if p.name == name), None)

    def switches(self):
        """The parameters that decide which clauses are there, each with its possible states."""
        names = {c.condition[0] for c in self.clauses if c.condition}
        return [(p, p.words or ["absent", "given"]) for p in self.params if p.name in names]

    def combinations(self):
        switches = self.switches()
        for states in itertools.product(*(s for _, s in switches)):
            yield {p.name: state for (p, _), state in zip(switches, states)}

    def active(self, state):
        return [c for c in self.clauses
                if not c.condition or state[c.condition[0]] == c.condition[1]]

    def is_slow(self, state):
        return self.slow or any(c.slow for c in self.active(state))


TOKEN = re.compile(
    r"""(?P<comment>--[^\n]*|/\*.*?\*/)
      | (?P<string>[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"
        |\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)
      | (?P<cast>::|:=)
      | (?P<param>:[A-Za-z_]\w*)
      | (?P<word>[A-Za-z_]\w*|\d[\w.]*)
      | (?P<space>\s+)
      | (?P<other>.)""",
    re.X | re.S,
)
CLAUSE = re.compile(r"\[\s*(!?)\s*([a-z_]\w*)\s*(?:=\s*([a-z_]\w*)\s*)?(\bslow\s*)?:(?!:)", re.S)
HEADER = re.compile(r"([a-z][a-z0-9_]*)\s*\(")
INNER_HEADER = re.compile(r"--\s+[a-z]\w*\s*\(.*\)\s*:\s*(%s)\b" % "|".join(KINDS))
WRITES = {"insert", "update", "delete", "merge", "truncate", "call", "do", "lock", "notify", "set"}


def split_top(text):
    """Splits at commas outside parentheses and brackets."""
    parts, depth, start = [], 0, 0
    for at, char in enumerate(text):
        depth += (char in "([") - (char in ")]")
        if char == "," and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    parts.append(text[start:])
    return [p.strip() for p in parts if p.strip()]


def close_of(text, at):
    """The index of the parenthesis that closes the one at `at`, or -1."""
    depth = 0
    for i in range(at, len(text)):
        depth += (text[i] == "(") - (text[i] == ")")
        if depth == 0:
            return i
    return -1


class Reader:
    def __init__(self, path, text):
        self.path, self.text, self.at = str(path), text, 0

    def fail(self, message, at=None):
        at = self.at if at is None else at
        raise SqlError(self.path, self.text.count("\n", 0, at) + 1, message)

    def statements(self):
        found, block, block_at = [], [], 0
        while self.at < len(self.text):
            end = self.text.find("\n", self.at)
            end = len(self.text) if end < 0 else end
            line = self.text[self.at : end].strip()
            if line.startswith("--"):
                block_at = block_at if block else self.at
                block.append(line[2:].strip())
                self.at = end + 1
            elif not line:
                block = []
                self.at = end + 1
            else:
                if not block:
                    self.fail("a statement needs a header: -- name (parameter type, ...): kind")
                found.append(self.statement(block, block_at))
                block = []
        return found

    def statement(self, block, block_at):
        statement = self.header(block, block_at)
        body_at = self.at
        tokens = self.body()
        self.clauses(statement, tokens, body_at)
        words = [t[1].lower() for t in tokens if t[0] == "word"]
        first = words[0] if words else ""
        reads = first in ("select", "values", "table")
        reads = reads or (first == "with" and not WRITES & set(words))
        statement.reads_only = reads and not statement.writes
        return statement

    def header(self, block, at):
        match = HEADER.match(block[0])
        if not match:
            self.fail("the comment before a statement begins with:"
                      " name (parameter type, ...): kind", at)
        lines = 1  # the header goes on while parentheses are open or the next line begins with ->
        text = block[0]
        while lines < len(block) and (
            text.count("(") > text.count(")")
            or not re.search(r"\)\s*:\s*\w", text)
            or block[lines].startswith("->")
        ):
            text += " " + block[lines]
            lines += 1
        close = close_of(text, match.end() - 1)
        if close < 0:
            self.fail("the list of parameters is not closed", at)
        rest = re.fullmatch(r"\s*:\s*(\w+)(\s+writes)?(\s+slow)?\s*(?:->\s*\((.*)\))?\s*",
                            text[close + 1 :])
        if not rest or rest[1] not in KINDS:
            self.fail("after the parameters comes one of: none, one, maybe, many"
                      " [writes] [slow] [-> (column type, ...)]", at)
        params = [self.one_param(p, at) for p in split_top(text[match.end() : close])]
        columns = [self.one_column(c, at) for c in split_top(rest[4] or "")]
        for what, names in (("parameter", [p.name for p in params]),
                            ("column", [c.c_name for c in columns])):
            twice = [n for n in names if names.count(n) > 1]
            if twice:
                self.fail(f"{what} {twice[0]} is declared twice", at)
        line = self.text.count("\n", 0, at) + 1
        return Statement(self.path, line, match[1], params, rest[1], bool(rest[2]), bool(rest[3]),
                         columns, block[lines:])

    def one_param(self, text, at):
        match = re.fullmatch(r"([a-z_]\w*)\s+(?:choice\s*\(([^)]*)\)|([a-z]+(?:\[\])?)(\?)?)", text)
        if not match:
            self.fail(f"cannot read the parameter '{text}':"
                      " name type, name type? or name choice(a, b)", at)
        if match[1] in C_WORDS:
            self.fail(f"'{match[1]}' cannot be a parameter:"
                      " it is a word of C or of the generated code", at)
        if match[2] is not None:
            words = split_top(match[2])
            if len(words) < 2 or not all(re.fullmatch(r"[a-z_]\w*", w) for w in words):
                self.fail(f"the choice {match[1]} needs two or more words", at)
            return Param(match[1], words=words)
        return Param(match[1], self.type_of(match[3], at), bool(match[4]))

    def one_column(self, text, at):
        match = re.fullmatch(r"([a-z_][\w.]*)\s+([a-z]+(?:\[\])?)(\?)?", text)
        if not match:
            self.fail(f"cannot read the column '{text}': name type or name type?", at)
        kind = self.type_of(match[2], at)
        if not kind.column:
            self.fail(f"a column of type {match[2]} cannot be read in C", at)
        if match[1].replace(".", "_") in C_WORDS - OUR_WORDS:
            self.fail(f"'{match[1]}' cannot be a column to read: it is a word of C", at)
        return Column(match[1], kind, bool(match[3]))

    def type_of(self, name, at):
        if name not in TYPES:
            self.fail(f"unknown type {name}; there are {', '.join(TYPES)}", at)
        return TYPES[name]

    def body(self):
        """The tokens up to the semicolon, as (kind, text, position); comments are gone."""
        tokens = []
        start = self.at
        while True:
            match = TOKEN.match(self.text, self.at)
            if not match:
                self.fail("the statement has no semicolon at its end", start)
            kind, text = match.lastgroup, match[0]
            if kind == "tag":
                kind = "string"
            position, self.at = self.at, match.end()
            if text == ";":
                break
            if text in ("'", '"'):
                self.fail("the quotation is not closed", position)
            if kind == "comment" and INNER_HEADER.match(text):
                self.fail("a statement header inside a statement: is a semicolon missing?",
                          position)
            if kind in ("comment", "space"):
                kind, text = "space", " "
            tokens.append((kind, text, position))
        end = self.text.find("\n", self.at)
        end = len(self.text) if end < 0 else end
        rest = self.text[self.at : end].strip()
        if rest and not rest.startswith("--"):
            self.fail("one statement at a time: there is text after the semicolon")
        self.at = end + 1
        return tokens

    def clauses(self, statement, tokens, body_at):
        open_clause, depth, used = None, 0, set()
        piece = Clause("", [])
        skip_to = body_at
        for kind, text, position in tokens:
            if position < skip_to:
                continue
            if text == "[":
                match = CLAUSE.match(self.text, position)
                if match and not (statement.param(match[2]) is None and depth):
                    if open_clause is not None:
                        self.fail("optional clauses do not nest", position)
                    statement.clauses.append(piece)
                    condition = self.condition(statement, match, position)
                    piece = Clause("", [], condition, bool(match[4]))
                    used.add(match[2])
                    open_clause, depth, skip_to = position, 1, match.end()
                    continue
            if open_clause is not None and kind == "other":
                depth += (text == "[") - (text == "]")
                if depth == 0:
                    statement.clauses.append(piece)
                    piece, open_clause = Clause("", []), None
                    continue
            if kind == "param":
                name = text[1:]
                param = statement.param(name)
                if not param:
                    self.fail(f"parameter {name} is not declared", position)
                if param.words:
                    self.fail(f"{name} is a choice: use it in clauses,"
                              f" [{name} = {param.words[0]}: ... ]", position)
                used.add(name)
                piece.params.append(name)
                text = f"\0{name}\0"
            piece.text += text
        if open_clause is not None:
            self.fail("the optional clause is not closed", open_clause)
        statement.clauses.append(piece)
        unused = [p.name for p in statement.params if p.name not in used]
        if unused:
            raise SqlError(self.path, statement.line,
                           f"parameter {unused[0]} is declared but not used")
        self.check_combinations(statement)

    def condition(self, statement, match, position):
        negated, name, word = match[1], match[2], match[3]
        param = statement.param(name)
        if not param:
            self.fail(f"the clause depends on {name}, which is not a parameter", position)
        if word:
            if word not in param.words:
                self.fail(f"{word} is not a word of the choice {name}", position)
            if negated:
                self.fail("a choice cannot be negated", position)
            return (name, word)
        if param.words:
            self.fail(f"{name} is a choice: say [{name} = {param.words[0]}: ... ]", position)
        if not param.nullable and param.type is not TYPES["bool"]:
            self.fail(f"{name} is always given: declare it with a ? to make a clause of it",
                      position)
        return (name, "absent" if negated else "given")

    def check_combinations(self, statement):
        count = 1
        for _, states in statement.switches():
            count *= len(states)
        if count > COMBINATIONS_MAX:
            raise SqlError(self.path, statement.line,
                           f"{count} combinations of optional clauses; at most {COMBINATIONS_MAX}")
        for state in statement.combinations():
            params = {p for c in statement.active(state) for p in c.params}
            if len(params) > PARAMS_MAX:
                raise SqlError(self.path, statement.line, f"more than {PARAMS_MAX} parameters")


def read_all(paths):
    """{area: [statement]} of all files, numbered."""
    areas, seen, number = {}, {}, FIRST_NUMBER
    for path in map(pathlib.Path, paths):
        area = path.name[: -len(".sql")] if path.name.endswith(".sql") else path.name
        if area in areas:
            raise SqlError(path, 1, f"two files are called {path.name}")
        areas[area] = Reader(path, path.read_text(encoding="utf-8")).statements()
        for s in areas[area]:
            if s.name in seen:
                raise SqlError(path, s.line, f"{s.name} is already in {seen[s.name]}")
            seen[s.name] = f"{s.path}:{s.line}"
            s.number = number
            number += sum(1 for _ in s.combinations())
    return areas
