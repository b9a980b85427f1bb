"""The contract as TypeScript: the types of every schema, what each operation takes and answers, and
a table that says how each is called."""

import json
import os.path
import re

NOTE = "// Made by tools/gen_clients.py from the contract in api/. Do not edit."
PRIMITIVES = {"string": "string", "integer": "number", "number": "number",
              "boolean": "boolean", "null": "null"}
FILE = "string | Blob | Uint8Array"  # a body that is sent as it is
PREFIX = "/v1/"  # of every path that clients call
NAME = re.compile(r"[A-Za-z_$][\w$]*")


def key(name):
    return name if NAME.fullmatch(name) else json.dumps(name)


def comment(text, indent=""):
    text = " ".join(str(text or "").split()).replace("*/", "*\u200b/")
    return [f"{indent}/** {text} */"] if text else []


class Types:
    """Schemas as types. The server bounds what is in an input; here only its shape counts."""

    def __init__(self, contract):
        self.contract = contract
        self.schemas = contract.document.get("components", {}).get("schemas", {})

    def of(self, schema, indent=""):
        if "$ref" in schema:
            return schema["$ref"].rsplit("/", 1)[1]
        for several in ("anyOf", "oneOf"):
            if several in schema:
                return " | ".join(dict.fromkeys(self.of(part, indent) for part in schema[several]))
        if "allOf" in schema:
            parts = [self.of(part, indent) for part in schema["allOf"]]
            return " & ".join(f"({part})" if " | " in part else part for part in parts)
        if "const" in schema:
            return json.dumps(schema["const"])
        if "enum" in schema:
            return " | ".join(json.dumps(value) for value in schema["enum"])
        kinds = schema.get("type", [])
        kinds = kinds if isinstance(kinds, list) else [kinds]
        return " | ".join(self.plain(kind, schema, indent) for kind in kinds) or "unknown"

    def plain(self, kind, schema, indent):
        if kind == "array":
            item = self.of(schema.get("items", {}), indent)
            return f"Array<{item}>" if re.search(r"[ {]", item) else f"{item}[]"
        if kind != "object":
            return PRIMITIVES[kind]
        if "properties" in schema:
            return self.members(schema, indent)
        more = schema.get("additionalProperties")
        value = self.of(more, indent) if isinstance(more, dict) else "unknown"
        return f"Record<string, {value}>"

    def members(self, schema, indent=""):
        required = schema.get("required", [])
        inner, lines = indent + "  ", []
        for name, node in schema["properties"].items():
            lines += comment(node.get("description"), inner)
            optional = "" if name in required else "?"
            lines.append(f"{inner}{key(name)}{optional}: {self.of(node, inner)};")
        return "\n".join(["{", *lines, indent + "}"])

    def declaration(self, name):
        schema = self.schemas[name]
        about = comment(schema.get("description"))
        if name in ("Event", "PassingEvent"):  # one object per kind, without what they share
            schema = {"oneOf": schema["oneOf"]}
        elif "properties" in schema and "allOf" not in schema:
            return [*about, f"export interface {name} {self.members(schema)}"]
        text = self.of(schema)
        if name == "ProblemCode":
            text += " | (string & {})"  # there may be more in the future
        return [*about, f"export type {name} = {text};"]


class Call:
    """What an operation takes and answers."""

    def __init__(self, types, op):
        contract = types.contract
        self.op = op
        item = contract.document["paths"][op.path]
        self.node = item[op.method.lower()]
        declared = contract._declared(item.get("parameters", []), self.node)
        self.parameters = [node for (place, _), node in declared.items()
                           if place in ("path", "query")]
        self.query = [node["name"] for node in self.parameters if node["in"] == "query"]
        self.headers = {name for place, name in declared if place == "header"}
        _, body = contract.resolve(self.node.get("requestBody") or {})
        self.media, content = next(iter(body.get("content", {}).items()), (None, {}))
        self.body = content.get("schema")
        self.types = types

    def input(self):
        lines = []
        for node in self.parameters:
            lines += comment(node.get("description"), "  ")
            optional = "" if node.get("required") else "?"
            lines.append(f"  {key(node['name'])}{optional}: {self.types.of(node['schema'], '  ')};")
        if self.op.stream:
            lines.append(f"  body: {FILE};")
        parts = ["\n".join(["{", *lines, "}"])] if lines else []
        if self.body and not self.op.stream:
            parts.append(self.types.of(self.body))
        return " & ".join(parts)

    def is_optional(self):
        required = any(node.get("required") for node in self.parameters)
        return not required and not (self.op.body and self.op.body_required)

    def answer(self):
        found = []
        for status, response in self.node["responses"].items():
            if status.startswith("2"):
                content = self.types.contract.resolve(response)[1].get("content", {})
                if "application/json" in content:
                    found.append(self.types.of(content["application/json"]["schema"]))
                if content and ("application/json" not in content or "format" in self.query):
                    found.append("string")
                if not content:
                    found.append("void")
        return " | ".join(dict.fromkeys(found))

    def flags(self):
        """b body, g guests, k key, p public, t text (for Dart: clients_dart.py)."""
        op = self.op
        return "".join(flag for flag, there in (
            ("b", op.body and not op.stream), ("g", "guest" in op.kinds),
            ("k", "Idempotency-Key" in self.headers), ("p", op.kinds == {"public"}),
            ("t", self.answer() == "string")) if there)

    def file(self):
        """The media type of a body that is a file, else an empty text."""
        return self.media if self.op.stream else ""


def table(calls):
    """A line for each call, by path: how many segments it shares with the path of the line before,
    its other segments, and how it is called. Half as long, compressed, as whole paths by name."""
    lines, before = [], []
    for call in sorted(calls, key=lambda call: (call.op.path, call.op.method)):
        path = call.op.path.removeprefix(PREFIX).split("/")
        shared = len(os.path.commonprefix([before, path]))
        words = (str(shared), "/".join(path[shared:]), call.op.method + call.flags(), call.op.id,
                 ",".join(call.query), call.file())
        lines.append(" ".join(words).rstrip())
        before = path
    return lines


def is_for_clients(op):
    """Not what browsers, providers and operators call."""
    return op.path.startswith(PREFIX) and not op.signed and (
        not op.stream or op.media_type != "*/*")


def reached(types, calls):
    """The names of the schemas that the calls lead to, and the problem, sorted."""
    found, open_ = set(), ["Problem", "Event", "PassingEvent"]
    nodes = [call.node for call in calls] + [call.parameters for call in calls]

    def look(node):
        if isinstance(node, list):
            for each in node:
                look(each)
        elif isinstance(node, dict):
            ref = node.get("$ref", "")
            if ref.startswith("#/components/schemas/"):
                open_.append(ref.rsplit("/", 1)[1])
            elif ref:
                look(types.contract.resolve({"$ref": ref})[1])
            for name, child in node.items():
                if name not in ("example", "examples"):
                    look(child)

    look(nodes)
    while open_:
        name = open_.pop()
        if name not in found:
            found.add(name)
            look(types.schemas[name])
    return sorted(found)


def is_of_admins(op):
    """Of the entry of its own, clients/sdk-ts/src/admin.ts."""
    return op.path.startswith(PREFIX + "admin/")


def calls_of(types):
    """Of everybody, and of admins, by name."""
    calls = [Call(types, op) for op in types.contract.operations if is_for_clients(op)]
    calls.sort(key=lambda call: call.op.id)
    return ([call for call in calls if not is_of_admins(call.op)],
            [call for call in calls if is_of_admins(call.op)])


def interface(name, about, calls):
    out = ["", *comment(about), f"export interface {name} {{"]
    for call in calls:
        given = call.input()
        input_type = given.replace("\n", "\n  ") or "Record<string, never>"
        optional = "?" if call.is_optional() else ""
        out += comment(call.op.summary, "  ")
        out.append(f"  {call.op.id}(input{optional}: {input_type}, options?: CallOptions): "
                   f"Promise<{call.answer()}>;")
    return [*out, "}"]


def table_text(calls):
    return ["", "/** How each is called (see operationsOf() in call.ts). */",
            "export const TABLE = `", *table(calls), "`;", ""]


def text(contract):
    types = Types(contract)
    everybodys, admins = calls_of(types)
    out = [NOTE, 'import type { CallOptions } from "./call.ts";', ""]
    for name in reached(types, everybodys + admins):
        out += types.declaration(name)
    out += interface("Api", "What the calls take and answer, by the name of the operation.",
                     everybodys)
    out += interface("AdminApi", "The same of what only admins call.", admins)
    return "\n".join(out + table_text(everybodys))


def admin_text(contract):
    return "\n".join([NOTE, *table_text(calls_of(Types(contract))[1])])
