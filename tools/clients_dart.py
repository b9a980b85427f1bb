"""The contract as Dart: a type for every schema, a class for every kind of event, and a method for
every operation. Objects are extension types: views of the decoded JSON, which cost nothing, keep
members that this version does not know, and are written only where they are input."""

import json
import re

from clients_ts import Call, Types, is_for_clients, reached

NOTE = "// Made by tools/gen_clients.py from the contract in api/. Do not edit."
RESERVED = set("assert break case catch class const continue default do else enum extends false "
               "final finally for if in is new null rethrow return super switch this throw true "
               "try var void while with json get set".split())
# Members of String, which the values of an enum must not hide.
OF_STRING = set("contains length matches pad split substring trim runes".split())
SCALARS = {"string": "String", "integer": "int", "number": "num", "boolean": "bool"}


def camel(name):
    first, *rest = re.split(r"[_\W]+", name)
    made = first[:1].lower() + first[1:] + "".join(word[:1].upper() + word[1:] for word in rest)
    return made + "_" if made in RESERVED else made


def constant(value):
    """The name of a value of an enum, which is a String."""
    made = camel(value)
    return made + "_" if made in OF_STRING else made


def pascal(name):
    made = camel(name).rstrip("_")
    return made[:1].upper() + made[1:]


def about(text, indent=""):
    words, lines, line = str(text or "").split(), [], ""
    for word in words:
        if line and len(indent) + 4 + len(line) + 1 + len(word) > 100:
            lines.append(line)
            line = ""
        line = f"{line} {word}" if line else word
    return [f"{indent}/// {each}" for each in lines + [line] if each]


class Type:
    """A type of Dart, how it is read from decoded JSON and how it is written."""

    def __init__(self, name, nullable, read, write="{}"):
        self.name, self.nullable, self._read, self._write = name, nullable, read, write

    @property
    def full(self):
        return self.name + ("?" if self.nullable and self.name != "Object?" else "")

    def read(self, value):
        read = self._read.format(value)
        plain = f"{value} as {self.full}"
        return f"{value} == null ? null : {read}" if self.nullable and read != plain else read

    def write(self, value):
        return self._write.format(value)


def line_of(call):
    """METHOD path?query flags media, as call.dart reads it."""
    query = "?" + ",".join(call.query) if call.query else ""
    return f"{call.op.method} {call.op.path}{query} {call.flags()} {call.file()}".rstrip()


class Dart:
    def __init__(self, contract):
        self.contract = contract
        self.types = Types(contract)
        self.schemas = self.types.schemas

    def is_object(self, schema):
        return "properties" in self.contract._flat(schema)

    def of(self, schema, nullable=False):
        several = schema.get("anyOf", schema.get("oneOf", []))
        if {"type": "null"} in several:
            return self.of(next(part for part in several if part != {"type": "null"}), True)
        if "$ref" in schema:
            return self.named(schema["$ref"].rsplit("/", 1)[1], nullable)
        kinds = schema.get("type", "object")
        kinds = kinds if isinstance(kinds, list) else [kinds]
        nullable = nullable or "null" in kinds
        kind = next((each for each in kinds if each != "null"), None)
        if kind is None:
            return Type("Object?", True, "{}")
        mark = "?" if nullable else ""
        if kind == "array":
            item = self.of(schema.get("items", {}))
            cast = "({} as List).cast<%s>()" % item.full
            if item.name == "Event" or item.name == "PassingEvent":
                cast = "[for (final each in {} as List) %s.of(each as Json)]" % item.name
            return Type(f"List<{item.full}>", nullable, cast)
        if schema.get("format") == "date-time":
            return Type("DateTime", nullable, "DateTime.parse({} as String)", "instant({})")
        if kind in SCALARS:
            return Type(SCALARS[kind], nullable, f"{{}} as {SCALARS[kind]}{mark}")
        more = schema.get("additionalProperties")
        if isinstance(more, dict):
            value = self.of(more)
            return Type(f"Map<String, {value.full}>", nullable,
                        "({} as Map).cast<String, %s>()" % value.full)
        return Type("Json", nullable, f"{{}} as Json{mark}")

    def named(self, name, nullable):
        schema, mark = self.schemas[name], "?" if nullable else ""
        if name in ("Event", "PassingEvent"):
            return Type(name, nullable, name + ".of({} as Json)")
        if "enum" in schema:
            return Type(name, nullable, f"{{}} as {name}{mark}")
        if self.is_object(schema):
            return Type(name, nullable, f"{{}} as {name}{mark}")
        return self.of(schema, nullable)

    def members(self, schema):
        flat = self.contract._flat(schema)
        required = flat.get("required", [])
        for name, node in flat.get("properties", {}).items():
            type_ = self.of(node)
            yield name, node, type_, name in required

    def getters(self, members):
        lines = []
        for name, node, type_, required in members:
            if not required:
                type_ = Type(type_.name, True, type_._read, type_._write)
                if type_._read.startswith("{} as ") and not type_._read.endswith("?"):
                    type_._read += "?"
            lines += about(node.get("description"), "  ")
            lines.append(f"  {type_.full} get {camel(name)} => {type_.read(f'json[{name!r}]')};")
        return lines

    def constructor(self, name, members):
        if not members:
            return []
        parameters, entries = [], []
        for key, _, type_, required in members:
            optional = not required
            value = camel(key)
            declared = f"{type_.name}{'?' if optional or type_.nullable else ''} {value},"
            parameters.append(f"    {'' if optional else 'required '}{declared}")
            written = type_.write(value)
            guard = f"if ({value} != null) " if optional else ""
            if type_.nullable and not optional and written != value:
                written = f"{value} == null ? null : {written}"
            entries.append(f"    {guard}{key!r}: {written},")
        return [f"  factory {name}({{", *parameters, f"  }}) => {name}._({{", *entries, "  });"]

    def declaration(self, name):
        schema = self.schemas[name]
        lines = about(schema.get("description"))
        if name in ("Event", "PassingEvent"):
            return lines + self.union(name, schema)
        if "enum" in schema:
            lines.append(f"extension type const {name}(String value) implements String {{")
            values = [value for value in schema["enum"] if value is not None]
            lines += [f"  static const {constant(value)} = {name}({value!r});" for value in values]
            listed = ", ".join(constant(value) for value in values)
            return [*lines, f"  static const List<{name}> values = [{listed}];", "}", ""]
        if not self.is_object(schema):
            return []
        members = list(self.members(schema))
        parents = [part["$ref"].rsplit("/", 1)[1] for part in schema.get("allOf", [])
                   if "$ref" in part]
        implements = f" implements {', '.join(parents)}" if parents else ""
        lines.append(f"extension type {name}._(Json json){implements} {{")
        if schema.get("additionalProperties") is False:
            lines += self.constructor(name, members)
        own = members
        for part in schema.get("allOf", []):
            if "$ref" in part:
                inherited = self.contract._flat(self.contract.resolve(part)[1])["properties"]
                own = [each for each in own if each[0] not in inherited]
        return [*lines, *self.getters(own), "}", ""]

    def union(self, name, schema):
        """A sealed class with one for each kind, and one for kinds of the future."""
        kinds = [(branch["properties"]["kind"]["const"],
                  branch["properties"]["payload"]["$ref"].rsplit("/", 1)[1])
                 for branch in schema["oneOf"]]
        end = "Passing" if name == "PassingEvent" else "Happened"
        numbered = name == "Event"
        out = [f"sealed class {name} {{", f"  const {name}(this.json);", "  final Json json;",
               "  String get kind => json['kind'] as String;",
               "  DateTime get at => DateTime.parse(json['at'] as String);"]
        if numbered:
            out.append("  int get number => json['number'] as int;")
        out += [f"  static {name} of(Json json) => switch (json['kind']) {{"]
        out += [f"    {kind!r} => {pascal(kind)}{end}(json)," for kind, _ in kinds]
        out += [f"    _ => Unknown{name}(json),", "  };", "}", ""]
        for kind, payload in kinds:
            out += [f"final class {pascal(kind)}{end} extends {name} {{",
                    f"  const {pascal(kind)}{end}(super.json);",
                    f"  {payload} get payload => json['payload'] as {payload};", "}", ""]
        return out + ["/// Of a kind that this version does not know.",
                      f"final class Unknown{name} extends {name} {{",
                      f"  const Unknown{name}(super.json);", "}", ""]

    # -- operations

    def method(self, call):
        op = call.op
        given = [(node["name"], self.of(node["schema"]), bool(node.get("required")))
                 for node in call.parameters]
        parameters, entries = [], []
        body = list(self.members(call.body)) if call.body and not op.stream else []
        if call.body and "$ref" in call.body and not op.stream:
            body = list(self.members(self.contract.resolve(call.body)[1]))
        changes = op.method in ("PATCH", "PUT")
        for name, type_, required in given + [(n, t, r) for n, _, t, r in body]:
            value = camel(name)
            wraps = changes and type_.nullable and not required
            if wraps:
                parameters.append(f"Value<{type_.name}>? {value}")
                inner = type_.write(f"{value}.value")
                if inner != f"{value}.value":
                    inner = f"{value}.value == null ? null : {type_.write(value + '.value!')}"
                entries.append(f"if ({value} != null) {name!r}: {inner}")
            elif required:
                parameters.append(f"required {type_.full} {value}")
                inner = type_.write(value)
                if type_.nullable and inner != value:
                    inner = f"{value} == null ? null : {inner}"
                entries.append(f"{name!r}: {inner}")
            else:
                parameters.append(f"{type_.name}? {value}")
                entries.append(f"if ({value} != null) {name!r}: {type_.write(value)}")
        if op.stream:
            parameters.append("required Object body")
            entries.append("'body': body")
        parameters.append("CallOptions? callOptions")
        signature, read = self.answer(call)
        lines = about(op.summary, "  ")
        lines += [f"  Future<{signature}> {op.id}({{", *(f"    {each}," for each in parameters),
                  "  }) async {",
                  f"    final answer = await call({json.dumps(line_of(call)).replace('$', '')}, {{",
                  *(f"      {each}," for each in entries), "    }, callOptions);",
                  f"    {read}", "  }"]
        return lines

    def pages(self, call):
        """Of a list: all its items, page after page."""
        if "cursor" not in call.query:
            return []
        signature, _ = self.answer(call)
        page = self.contract._flat(self.schemas[signature])["properties"]
        if "next_cursor" not in page:
            return []
        item = self.of(page["items"]["items"]).full
        parameters, arguments = [], []
        for node in call.parameters:
            name, type_ = camel(node["name"]), self.of(node["schema"])
            if name != "cursor":
                parameters.append(f"required {type_.full} {name}" if node.get("required")
                                  else f"{type_.name}? {name}")
            arguments.append(f"{name}: {name}")
        arguments.append("callOptions: callOptions")
        return [f"  Stream<{item}> {call.op.id}All({{",
                *(f"    {each}," for each in [*parameters, "CallOptions? callOptions"]),
                "  }) => pages((cursor) async {",
                f"    final page = await {call.op.id}({', '.join(arguments)});",
                "    return (page.items, page.nextCursor);", "  });"]

    def answer(self, call):
        found = {}
        for status, response in call.node["responses"].items():
            if status.startswith("2"):
                content = self.contract.resolve(response)[1].get("content", {})
                name = "String" if content else "void"
                if "application/json" in content:
                    name = content["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
                found.setdefault(name, []).append(status)
        if list(found) == ["void"]:
            return "void", "answer.expectNothing();"
        if list(found) == ["String"]:
            return "String", "return answer.text;"
        if len(found) == 1:
            (name,) = found
            return name, f"return answer.json as {name};"
        members = ", ".join(f"{name}? {camel(name)}" for name in found)
        values = ", ".join(
            f"{camel(name)}: {' || '.join(f'answer.status == {s}' for s in statuses)}"
            f" ? answer.json as {name} : null" for name, statuses in found.items())
        return f"({{{members}}})", f"return ({values});"


def text(contract):
    dart = Dart(contract)
    calls = sorted((Call(dart.types, op) for op in contract.operations if is_for_clients(op)),
                   key=lambda call: call.op.id)
    out = [NOTE, "import 'call.dart';", ""]
    for name in reached(dart.types, calls):
        out += dart.declaration(name)
    out += ["/// Every operation of the contract.", "mixin Api {",
            "  Future<Answer> call(String line, Json input, CallOptions? options);", ""]
    for call in calls:
        out += [*dart.method(call), *dart.pages(call)]
    return "\n".join([*out, "}", ""])


class Samples:
    """Calls as people write them: the examples of the contract as Dart."""

    def __init__(self, contract):
        self.dart = Dart(contract)
        self.contract = contract

    def of(self, op, members, body):
        """members: (name, example, or None for a variable) of path and query."""
        call = Call(self.dart.types, op)
        arguments = [f"{camel(name)}: {camel(name) if value is None else quoted(value)}"
                     for name, value in members]
        schema = self.contract.resolve(call.body or {})[1] if isinstance(body, dict) else {}
        known = {name: (node, type_, required)
                 for name, node, type_, required in self.dart.members(schema)}
        for name, value in (body or {}).items():
            node, type_, required = known[name]
            text_ = self.literal(node, value)
            if op.method in ("PATCH", "PUT") and type_.nullable and not required:
                text_ = f"Value({text_})"
            arguments.append(f"{camel(name)}: {text_}")
        if op.stream:
            arguments.append("body: file")
        short = ", ".join(arguments)
        if len(short) <= 60:
            return f"{op.id}({short})"
        return f"{op.id}(\n" + "".join(f"  {each},\n" for each in arguments) + ")"

    def literal(self, schema, value):
        if value is None:
            return "null"
        for part in schema.get("anyOf", schema.get("oneOf", [])):
            if part != {"type": "null"}:
                return self.literal(part, value)
        name, node = self.contract.resolve(schema)
        if name and "enum" in node:
            known = value in node["enum"]
            return f"{name}.{constant(value)}" if known else f"{name}({quoted(value)})"
        if isinstance(value, list):
            return f"[{', '.join(self.literal(node.get('items', {}), each) for each in value)}]"
        if isinstance(value, dict) and name and self.dart.is_object(node):
            known = self.contract._flat(node)["properties"]
            members = (f"{camel(key)}: {self.literal(known[key], each)}"
                       for key, each in value.items())
            return f"{name}({', '.join(members)})"
        if isinstance(value, dict):
            return "{" + ", ".join(f"{quoted(key)}: {self.literal({}, each)}"
                                   for key, each in value.items()) + "}"
        if node.get("format") == "date-time":
            return f"DateTime.parse({quoted(value)})"
        return quoted(value)


def quoted(value):
    if isinstance(value, str):
        text_ = json.dumps(value, ensure_ascii=False)[1:-1].replace('\\"', '"')
        return "'" + text_.replace("'", "\\'").replace("$", "\\$") + "'"
    return json.dumps(value)
