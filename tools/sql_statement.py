"""sql_statement: what a named statement of an .sql file is made of; sql_model reads them."""

import itertools
from dataclasses import dataclass, field

ARGS_MAX = 5  # of a C function; more parameters become a struct, where they are given by name


@dataclass(frozen=True)
class Type:
    """How a type of the language looks in C and in PostgreSQL."""

    c: str  # of a value that cannot be NULL
    oid: str
    encode: str
    pointer: bool = False  # the C type can itself be NULL
    column: str = ""  # enum rows_type, when it may be a column of `-> ( )` or of a record
    array: str = ""  # the array's, of a column

    def declare(self, name, nullable):
        if self.pointer:
            return f"{self.c} *{name}"
        return f"const {self.c} *{name}" if nullable else f"{self.c} {name}"


def column(c, postgres, word, pointer=False):
    return Type(c, f"PG_{postgres}_OID", f"param_{word}", pointer, f"ROWS_{word.upper()}",
                f"PG_{postgres}_ARRAY_OID")


def array(postgres, word):
    return Type(f"struct {word}_array", f"PG_{postgres}_ARRAY_OID", f"param_{word}_array")


TYPES = {
    "uuid": column("struct uuid", "UUID", "uuid"),
    "text": column("const char", "TEXT", "text", pointer=True),
    "int": column("int32_t", "INT4", "int"),
    "bigint": column("int64_t", "INT8", "bigint"),
    "bool": column("bool", "BOOL", "bool"),
    "time": column("int64_t", "TIMESTAMPTZ", "time"),
    "double": column("double", "FLOAT8", "double"),
    "json": column("const char", "JSONB", "json", pointer=True),
    "bytea": column("struct bytes", "BYTEA", "bytea"),
    "uuid[]": array("UUID", "uuid"),
    "text[]": array("TEXT", "text"),
    "int[]": array("INT4", "int"),
    "bigint[]": array("INT8", "bigint"),
}


@dataclass
class Column:
    name: str
    type: Type
    nullable: bool

    @property
    def c_name(self):
        return self.name.replace(".", "_")


@dataclass
class Record:
    """A struct of which a statement takes an array, as a relation."""

    name: str  # of the struct
    line: int
    columns: list
    comment: list
    used: set = field(default_factory=set)  # names of the columns that some statement uses

    def column(self, name):
        return next((c for c in self.columns if c.name == name), None)


@dataclass
class Param:
    name: str
    type: Type = None
    nullable: bool = False
    words: list = field(default_factory=list)  # of a choice
    record: Record = None
    used: set = field(default_factory=set)  # names of the record's columns

    def columns(self):
        """Those of the record that the statement uses; each travels as an array."""
        return [c for c in self.record.columns if c.name in self.used]

    def wire(self):
        """What PostgreSQL gets of it: placeholder and type, each a parameter."""
        if self.record:
            return [(f"\0{self.name}.{c.name}\0", c.type.array) for c in self.columns()]
        return [(f"\0{self.name}\0", self.type.oid)]


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

    def takes_struct(self):
        return len(self.params) > ARGS_MAX

    def wire(self, state=None):
        """What PostgreSQL gets in one combination, or in all together, in its order."""
        clauses = self.clauses if state is None else self.active(state)
        used = {p for c in clauses for p in c.params}
        return [one for p in self.params if p.name in used for one in p.wire()]
