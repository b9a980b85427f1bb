"""sql_model: reads the named statements of .sql files, as docs/ARCHITECTURE.md describes them."""

import pathlib
import re

from sql_statement import TYPES, Clause, Column, Param, Record, Statement

FIRST_NUMBER = 64  # lower numbers are for statements written by hand (src/task/db_envelope.c)
PARAMS_MAX = 64  # LIMIT_PG_PARAMS
COMBINATIONS_MAX = 2048  # of one statement: each is a text in the program
KINDS = ("none", "one", "maybe", "many")
OUR_WORDS = {"db", "rows", "count", "params", "which", "arena", "args"}
C_WORDS = OUR_WORDS | set(
    "auto break case char const continue default do double else enum extern float for goto "
    "if inline int long register restrict return short signed sizeof static struct switch "
    "typedef union unsigned void volatile while bool true false asm typeof".split()
)


class SqlError(Exception):
    def __init__(self, path, line, message):
        super().__init__(f"{path}:{line}: {message}")


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
RECORD = re.compile(r"record\s+([a-z][a-z0-9_]*)\s*\(")
RELATION = re.compile(r"(\s+with\s+ordinality)?\s+as\s+([a-z_]\w*)(?:\s*\(([^()]*)\))?")
RECORD_COLUMN = re.compile(r"\.([a-z_]\w*)")
INNER_HEADER = re.compile(
    r"--\s+([a-z]\w*\s*\(.*\)\s*:\s*(%s)\b|record\s+[a-z]\w*\s*\()" % "|".join(KINDS))
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
        self.records = []

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
                self.record(block, block_at)
                block = []
                self.at = end + 1
            else:
                if not block:
                    self.fail("a statement needs a header: -- name (parameter type, ...): kind")
                found.append(self.statement(block, block_at))
                block = []
        for record in self.records:
            unused = [c.name for c in record.columns if c.name not in record.used]
            if unused:
                raise SqlError(self.path, record.line,
                               f"column {unused[0]} of {record.name} is declared but not used")
        return found

    def record(self, block, at):
        """Takes a block of comments that stands apart, which may declare a record."""
        match = RECORD.match(block[0]) if block else None
        if not match:
            return
        lines = next((n for n in range(1, len(block) + 1)
                      if close_of(" ".join(block[:n]), match.end() - 1) >= 0), 0)
        text = " ".join(block[:lines])
        if not text.endswith(")") or close_of(text, match.end() - 1) != len(text) - 1:
            self.fail("a record is declared so: record name (column type, ...)", at)
        self.new_record(match[1], text[match.end() : -1], block[lines:], at)

    def new_record(self, name, columns, comment, at):
        if any(r.name == name for r in self.records):
            self.fail(f"the record {name} is declared twice", at)
        columns = [self.one_column(c, at) for c in split_top(columns)]
        self.no_name_twice("column", [c.name for c in columns], at)
        dotted = [c.name for c in columns if "." in c.name]
        if dotted or not columns:
            self.fail(f"'{dotted[0]}' cannot be a column of a record" if dotted
                      else f"the record {name} has no columns", at)
        record = Record(name, self.text.count("\n", 0, at) + 1, columns, comment)
        self.records.append(record)
        return record

    def no_name_twice(self, what, names, at):
        twice = [n for n in names if names.count(n) > 1]
        if twice:
            self.fail(f"{what} {twice[0]} is declared twice", at)

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
        params = [self.one_param(match[1], p, at) for p in split_top(text[match.end() : close])]
        columns = [self.one_column(c, at) for c in split_top(rest[4] or "")]
        self.no_name_twice("parameter", [p.name for p in params], at)
        self.no_name_twice("column", [c.c_name for c in columns], at)
        line = self.text.count("\n", 0, at) + 1
        return Statement(self.path, line, match[1], params, rest[1], bool(rest[2]), bool(rest[3]),
                         columns, block[lines:])

    def one_param(self, statement, text, at):
        match = re.fullmatch(r"([a-z_]\w*)\s+(?:choice\s*\(([^)]*)\)|rows\s*\((.*)\)"
                             r"|([a-z_]\w*(?:\[\])?)(\?)?)", text)
        if not match:
            self.fail(f"cannot read the parameter '{text}':"
                      " name type, name type?, name choice(a, b) or name rows(column type, ...)",
                      at)
        if match[1] in C_WORDS:
            self.fail(f"'{match[1]}' cannot be a parameter:"
                      " it is a word of C or of the generated code", at)
        if match[2] is not None:
            words = split_top(match[2])
            if len(words) < 2 or not all(re.fullmatch(r"[a-z_]\w*", w) for w in words):
                self.fail(f"the choice {match[1]} needs two or more words", at)
            return Param(match[1], words=words)
        if match[3] is not None:
            return Param(match[1],
                         record=self.new_record(f"{statement}_{match[1]}", match[3], [], at))
        record = next((r for r in self.records if f"{r.name}[]" == match[4]), None)
        if record and match[5]:
            self.fail(f"{match[1]} cannot be NULL: of no rows there are 0", at)
        if record:
            return Param(match[1], record=record)
        return Param(match[1], self.type_of(match[4], at), bool(match[5]))

    def one_column(self, text, at):
        match = re.fullmatch(r"([a-z_][\w.]*)\s+([a-z]+(?:\[\])?)(\?)?", text)
        if not match:
            self.fail(f"cannot read the column '{text}': name type or name type?", at)
        kind = self.type_of(match[2], at)
        if not kind.column:
            self.fail(f"a column cannot be of type {match[2]}", at)
        if match[1].replace(".", "_") in C_WORDS - OUR_WORDS:
            self.fail(f"'{match[1]}' cannot be a column: it is a word of C", at)
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
                self.fail("a declaration inside a statement: is a semicolon missing?",
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
                if param.record:
                    text, skip_to = self.relation(param, position + 1 + len(name))
            piece.text += text
        if open_clause is not None:
            self.fail("the optional clause is not closed", open_clause)
        statement.clauses.append(piece)
        unused = [p.name for p in statement.params if p.name not in used]
        if unused:
            raise SqlError(self.path, statement.line,
                           f"parameter {unused[0]} is declared but not used")
        self.check_combinations(statement)

    def relation(self, param, at):
        """The text of `:lines as l`, or of `:lines.column`, of which the end of :lines is at `at`;
        and where it ends."""
        names = [c.name for c in param.record.columns]
        one = RECORD_COLUMN.match(self.text, at)
        whole = None if one else RELATION.match(self.text, at)
        if one:
            names = [one[1]]
        elif not whole:
            self.fail(f"{param.name} is a relation: say :{param.name} as x,"
                      f" :{param.name} as x (column, ...) or :{param.name}.column", at)
        elif whole[3] is not None:
            names = split_top(whole[3])
        for name in names:
            if not param.record.column(name):
                self.fail(f"{name} is not a column of {param.name}", at)
        param.used.update(names)
        param.record.used.update(names)
        arrays = ", ".join(f"\0{param.name}.{name}\0" for name in names)
        if one:
            return arrays, one.end()
        return (f"unnest({arrays}){whole[1] or ''} as {whole[2]} ({', '.join(names)})",
                whole.end())

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
            if len(statement.wire(state)) > PARAMS_MAX:
                raise SqlError(self.path, statement.line,
                               f"more than {PARAMS_MAX} parameters, of which each column of a"
                               " relation is one")


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
