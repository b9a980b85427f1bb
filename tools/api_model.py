"""The contract as Python objects: reads api/*.yaml, merges and checks it, and says for each
operation which fields its input has. What is wrong is collected in `Contract.errors`."""

import pathlib
import re
from dataclasses import dataclass, field

import yaml

METHODS = ("get", "post", "put", "patch", "delete")
STAFF_ROLES = ("owner", "manager", "fulfilment", "support", "finance")
ADMIN_ROLES = ("superadmin", "operations", "finance", "support", "moderator")
KINDS = ("public", "guest", "customer", "staff", "admin")
# Headers that the request's way reads itself; handlers never see them as input.
OWN_HEADERS = {"idempotency-key", "if-match", "if-none-match", "x-cart-token", "x-request-id",
               "authorization"}
FORMATS = {"email": "FORMAT_EMAIL", "uri": "FORMAT_URI", "slug": "FORMAT_SLUG",
           "currency": "FORMAT_CURRENCY", "country": "FORMAT_COUNTRY"}
# Formats that are said otherwise, or only to people.
PLAIN_FORMATS = {"password", "uuid", "date-time", "int32", "int64", "binary", None}
PATTERNS = {"^[A-Z]{3}$": "FORMAT_CURRENCY", "^[A-Z]{2}$": "FORMAT_COUNTRY",
            "^[a-z0-9]+(-[a-z0-9]+)*$": "FORMAT_SLUG", "^[a-z0-9]+(?:-[a-z0-9]+)*$": "FORMAT_SLUG"}
FORMAT_LENGTHS = {"FORMAT_EMAIL": 254, "FORMAT_URI": 2048, "FORMAT_SLUG": 100,
                  "FORMAT_CURRENCY": 3, "FORMAT_COUNTRY": 2}
KEYWORDS = set("auto break case char const continue default do double else enum extern float for "
               "goto if inline int long register restrict return short signed sizeof static struct "
               "switch typedef union unsigned void volatile while bool".split())
INT32 = (-2**31, 2**31 - 1)
INT64 = (-2**63, 2**63 - 1)


def snake(name):
    name = re.sub(r"[^A-Za-z0-9]+", "_", name)
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    name = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    return name.lower().strip("_")


def c_name(name):
    name = snake(name)
    return name + "_" if name in KEYWORDS else name


@dataclass
class Enum:
    name: str      # snake, without _choice
    values: list


@dataclass
class Field:
    name: str
    place: str = "IN_BODY"
    type: str = "FIELD_STRING"
    required: bool = False
    nullable: bool = False
    format: str = "FORMAT_NONE"
    min: int = INT64[0]
    max: int = INT64[1]
    default: object = None
    enum: Enum = None
    object: object = None       # Struct
    item_type: str = None
    item_min: int = 0
    item_max: int = INT64[1]
    unique: bool = False
    commas: bool = False
    about: str = ""

    @property
    def cname(self):
        return c_name(self.name)

    @property
    def pointer(self):
        if self.type in ("FIELD_STRING", "FIELD_ARRAY", "FIELD_MAP", "FIELD_JSON"):
            return False
        return self.nullable or (not self.required and self.default is None)

    @property
    def given(self):
        return self.nullable and not self.required


@dataclass
class Struct:
    name: str                   # C name without the trailing _in
    fields: list = field(default_factory=list)
    members_min: int = 0
    about: str = ""


@dataclass
class Operation:
    id: str
    method: str
    path: str
    area: str
    summary: str
    description: str
    kinds: set
    staff_roles: list
    admin_roles: list
    idempotency: str
    limit: str
    cached: bool
    stream: bool
    media_type: str
    body: bool
    body_required: bool
    body_max: int
    input: Struct
    responses: list

    @property
    def cname(self):
        return snake(self.id)


class Contract:
    def __init__(self, folder):
        self.errors = []
        self.structs = {}       # in order of dependency
        self.enums = {}
        self.operations = []
        self.folder = pathlib.Path(folder)
        self.files = sorted(self.folder.glob("*.yaml"))
        self.areas = {}         # path -> file's name
        self.document = self._merge()
        for path, item in self.document["paths"].items():
            self._path(path, item)
        ids = [op.id for op in self.operations]
        for name in sorted({i for i in ids if ids.count(i) > 1}):
            self.error(name, "operationId is used more than once")
        for op in self.operations:
            if op.cname in self.structs:
                self.error(op.id, "a component used inside a body has the operation's name")

    def error(self, where, text):
        self.errors.append(f"{where}: {text}")

    # Merging

    def _merge(self):
        merged = {"openapi": "3.1.0", "info": {"title": "Sebez", "version": "0"}, "paths": {},
                  "components": {}}
        for file in self.files:
            document = yaml.load(file.read_text(encoding="utf-8"), Loader=Loader) or {}
            for key, value in document.items():
                if key == "paths":
                    self._merge_paths(file, merged["paths"], value or {})
                elif key == "components":
                    self._merge_components(file, merged["components"], value or {})
                else:
                    merged[key] = value
        schemas = merged["components"].get("schemas", {})
        self.events = self._merge_events(schemas, "x-event", "Event")
        self.passing = self._merge_events(schemas, "x-passing", "PassingEvent")
        self._check_refs(merged, merged, "#")
        return merged

    def _merge_events(self, schemas, extension, whole):
        """The kinds of events are the schemas with the extension, which are their payloads; the
        component `whole` becomes any of them. Gives {kind: name of the schema}."""
        kinds = {}
        for name, schema in schemas.items():
            kind = schema.get(extension)
            if kind is None:
                continue
            if not re.fullmatch(r"[a-z]+(_[a-z]+)*", str(kind)) or kind in kinds:
                self.error(name, f"{extension} {kind!r} must be a word_of_its_own")
            kinds[kind] = name
        if kinds and whole not in schemas:
            self.error(whole, f"there are events, but no schema {whole} for them")
        elif kinds:
            schemas[whole]["properties"]["kind"]["enum"] = list(kinds)
            schemas[whole]["oneOf"] = [
                {"properties": {"kind": {"const": kind},
                                "payload": {"$ref": f"#/components/schemas/{name}"}}}
                for kind, name in kinds.items()]
        return kinds

    def _merge_paths(self, file, paths, more):
        for path, item in more.items():
            self.areas.setdefault(path, file.stem)
            known = paths.setdefault(path, {})
            for key, value in item.items():
                if key in known and known[key] != value:
                    self.error(f"{file.name} {path}", f"{key} is in another file too")
                known[key] = value

    def _merge_components(self, file, components, more):
        for kind, entries in more.items():
            known = components.setdefault(kind, {})
            for name, value in (entries or {}).items():
                if name in known and known[name] != value:
                    self.error(f"{file.name} components/{kind}/{name}", "is in another file too")
                known[name] = value

    def _check_refs(self, merged, node, where):
        if isinstance(node, dict):
            ref = node.get("$ref")
            if isinstance(ref, str) and self._lookup(merged, ref) is None:
                self.error(where, f"$ref {ref} leads nowhere")
            for key, value in node.items():
                self._check_refs(merged, value, f"{where}/{key}")
        elif isinstance(node, list):
            for index, value in enumerate(node):
                self._check_refs(merged, value, f"{where}/{index}")

    @staticmethod
    def _lookup(document, ref):
        if not ref.startswith("#/"):
            return None
        for step in ref[2:].split("/"):
            if not isinstance(document, dict) or step not in document:
                return None
            document = document[step]
        return document

    def resolve(self, node):
        """(name of the component or None, the node itself), following $ref."""
        name = None
        while isinstance(node, dict) and "$ref" in node:
            name = node["$ref"].rsplit("/", 1)[1]
            extra = {k: v for k, v in node.items() if k != "$ref"}
            node = {**(self._lookup(self.document, node["$ref"]) or {}), **extra}
        return name, node

    # Operations

    def _path(self, path, item):
        for method in METHODS:
            if method in item:
                self._operation(path, method, item[method], item.get("parameters", []))
        for key in item:
            if key not in METHODS + ("parameters", "summary", "description"):
                self.error(path, f"{key} is not a method that Sebez answers")

    def _operation(self, path, method, node, shared):
        name = node.get("operationId")
        where = name or f"{method.upper()} {path}"
        if not name or not re.fullmatch(r"[a-z][A-Za-z0-9]*", name):
            self.error(where, "operationId must be there, in camelCase")
            return
        if "default" not in node.get("responses", {}):
            self.error(where, "has no 'default' response for problems")
        kinds, staff, admin = self._actors(where, node.get("x-actor"))
        stream = bool(node.get("x-stream", False))
        struct = Struct(snake(name), about=node.get("summary", ""))
        self._parameters(where, path, list(shared) + node.get("parameters", []), struct)
        body, required, media = self._body(where, method, node, stream, struct)
        self._check_names(where, struct)
        if "staff" in kinds and "{vendor_id}" not in path:
            self.error(where, "staff act for {vendor_id}, which the path lacks")
        cached = bool(node.get("x-cache", False))
        if cached and (method != "get" or kinds != {"public"}):
            self.error(where, "x-cache is for public GETs only")
        idempotency = node.get("x-idempotency",
                               "optional" if method == "post" and not stream else "none")
        if idempotency not in ("required", "optional", "none"):
            self.error(where, f"x-idempotency {idempotency!r} is not known")
        self.operations.append(Operation(
            id=name, method=method.upper(), path=path, area=self.areas[path],
            summary=node.get("summary", ""), description=node.get("description", ""), kinds=kinds,
            staff_roles=staff, admin_roles=admin, idempotency=idempotency,
            limit=node.get("x-limit"), cached=cached, stream=stream, media_type=media, body=body,
            body_required=required, body_max=node.get("x-body-max", 0), input=struct,
            responses=[str(status) for status in node.get("responses", {})]))

    def _actors(self, where, actors):
        kinds, staff, admin = set(), [], []
        if not actors:
            self.error(where, "has no x-actor")
        for actor in [actors] if isinstance(actors, str) else actors or []:
            kind, _, roles = str(actor).partition(":")
            if kind not in KINDS:
                self.error(where, f"x-actor {actor!r} is not known")
                continue
            kinds.add(kind)
            known = {"staff": STAFF_ROLES, "admin": ADMIN_ROLES}.get(kind, ())
            wanted = [role.strip() for role in roles.split(",") if role.strip()] or list(known)
            for role in wanted:
                if role not in known:
                    self.error(where, f"{kind} has no role {role!r}")
            # Owners and superadmins may do whatever anyone of their kind may.
            chosen = [role for role in known if role in wanted or role == known[0]]
            if kind == "staff":
                staff = chosen
            elif kind == "admin":
                admin = chosen
        return kinds, staff, admin

    def _parameters(self, where, path, parameters, struct):
        in_path = re.findall(r"\{([^}]+)\}", path)
        declared = {}
        for node in parameters:
            _, node = self.resolve(node)
            declared[(node.get("in"), node.get("name"))] = node
        for (place, name), node in declared.items():
            if place == "header" and name.lower() in OWN_HEADERS:
                continue
            if place not in ("path", "query", "header"):
                self.error(where, f"parameter {name} is in {place!r}")
                continue
            if place == "path" and name not in in_path:
                self.error(where, f"path parameter {name} is not in the path")
            struct.fields.append(self._parameter(where, place, name, node, struct))
        for name in in_path:
            if ("path", name) not in declared:
                self.error(where, f"path parameter {name} is not declared")

    def _parameter(self, where, place, name, node, struct):
        required = bool(node.get("required", False))
        if place == "path" and not required:
            self.error(where, f"path parameter {name} must be required")
        made = self.field(f"{where} {name}", struct, name, node.get("schema", {}), required)
        made.place = "IN_" + place.upper()
        made.about = node.get("description") or made.about
        explode = node.get("explode", True)
        made.commas = made.type == "FIELD_ARRAY" and not explode
        if made.nullable:
            self.error(where, f"parameter {name} cannot be null")
        if made.type in ("FIELD_OBJECT", "FIELD_MONEY", "FIELD_JSON") or (
                made.type == "FIELD_MAP" and node.get("style") != "deepObject"):
            self.error(where, f"parameter {name} has a type that only a body can have")
        return made

    def _body(self, where, method, node, stream, struct):
        _, body = self.resolve(node.get("requestBody") or {})
        if not body:
            if stream:
                self.error(where, "x-stream without a requestBody")
            return False, False, None
        if method == "get":
            self.error(where, "a GET has no body")
        media, content = next(iter(body.get("content", {}).items()), (None, {}))
        required = bool(body.get("required", False))
        if stream:
            return True, required, media
        if media != "application/json":
            self.error(where, f"body {media!r}: only application/json, or x-stream")
            return True, required, media
        _, schema = self.resolve(content.get("schema", {}))
        self._members(where, struct, schema)
        if not required and schema.get("required"):
            self.error(where, "the body may be left out, but has required members")
        return True, required, media

    def _check_names(self, where, struct):
        seen = {}
        for made in struct.fields:
            if made.cname in seen:
                self.error(where, f"{made.name} is both in {seen[made.cname]} and {made.place}")
            seen[made.cname] = made.place

    # Schemas

    def _flat(self, schema):
        """A schema with its allOf parts merged in."""
        if "allOf" not in schema:
            return schema
        merged = {k: v for k, v in schema.items() if k != "allOf"}
        properties, required = {}, []
        for part in schema["allOf"]:
            part = self._flat(self.resolve(part)[1])
            properties.update(part.get("properties", {}))
            required += part.get("required", [])
            merged = {**part, **merged}
        if properties:
            merged["properties"] = {**properties, **schema.get("properties", {})}
            merged["required"] = required + schema.get("required", [])
        return merged

    def _members(self, where, struct, schema):
        schema = self._flat(schema)
        if schema.get("additionalProperties") is not False:
            self.error(where, "the body's object lacks additionalProperties: false")
        struct.members_min = schema.get("minProperties", 0)
        required = schema.get("required", [])
        properties = schema.get("properties", {})
        for name in required:
            if name not in properties:
                self.error(where, f"required {name} is not among the properties")
        for name, node in properties.items():
            struct.fields.append(self.field(f"{where} {name}", struct, name, node,
                                            name in required))

    def _nullable(self, node):
        """(component name, schema, nullable) with the null alternative taken off."""
        name, schema = self.resolve(node)
        for key in ("oneOf", "anyOf"):
            if key in schema:
                rest = [part for part in schema[key] if part.get("type") != "null"]
                if len(rest) == 1 and len(schema[key]) == 2:
                    name, inner = self.resolve(rest[0])
                    return name, inner, True
        if "allOf" in schema and len(schema["allOf"]) == 1:
            name, inner = self.resolve(schema["allOf"][0])
            return name, {**inner, **{k: v for k, v in schema.items() if k != "allOf"}}, False
        kind = schema.get("type")
        if isinstance(kind, list):
            rest = [k for k in kind if k != "null"]
            if len(rest) == 1:
                return name, {**schema, "type": rest[0]}, "null" in kind
        return name, schema, False

    def field(self, where, parent, name, node, required):
        component, schema, nullable = self._nullable(node)
        schema = self._flat(schema)
        made = Field(name, required=required, nullable=nullable,
                     about=" ".join(str(schema.get("description", "")).split()))
        kind = schema.get("type")
        if "enum" in schema or "const" in schema:
            self._enum(where, made, parent, component, schema)
        elif kind == "string":
            self._string(where, made, schema)
        elif kind == "integer":
            self._integer(made, schema)
        elif kind == "boolean":
            made.type, made.default = "FIELD_BOOL", schema.get("default")
        elif kind == "array":
            self._array(where, made, parent, schema)
        elif kind == "object":
            self._object(where, made, parent, component, schema)
        else:
            self.error(where, f"type {kind!r} cannot be input")
        return made

    def _enum(self, where, made, parent, component, schema):
        values = [v for v in schema.get("enum", [schema.get("const")]) if v is not None]
        made.nullable = made.nullable or None in schema.get("enum", [])
        if not all(isinstance(v, str) for v in values):
            self.error(where, "only enums of strings can be input")
            return
        name = snake(component) if component else f"{parent.name}_{snake(made.name)}"
        made.type = "FIELD_ENUM"
        made.enum = self.enums.setdefault(name, Enum(name, values))
        if made.enum.values != values:
            self.error(where, f"enum {name} has two lists of values")
        if schema.get("default") is not None:
            made.default = values.index(schema["default"])

    def _string(self, where, made, schema):
        made.default = schema.get("default")
        form = schema.get("format")
        if form == "uuid":
            made.type = "FIELD_UUID"
            return
        if form == "date-time":
            made.type = "FIELD_TIME"
            return
        if form not in FORMATS and form not in PLAIN_FORMATS:
            self.error(where, f"format {form!r} is not known")
        made.format = FORMATS.get(form, "FORMAT_NONE")
        pattern = schema.get("pattern")
        if pattern is not None and made.format == "FORMAT_NONE":
            if pattern in PATTERNS:
                made.format = PATTERNS[pattern]
            else:
                self.error(where, f"pattern {pattern!r}: say a format ({', '.join(FORMATS)}) "
                                  f"or leave it to the handler")
        longest = schema.get("maxLength", FORMAT_LENGTHS.get(made.format))
        if longest is None:
            self.error(where, "a string needs a maxLength")
        made.min, made.max = schema.get("minLength", 0), longest or 0

    @staticmethod
    def _integer(made, schema):
        low = schema.get("minimum")
        if low is None and "exclusiveMinimum" in schema:
            low = schema["exclusiveMinimum"] + 1
        high = schema.get("maximum")
        small = schema.get("format") == "int32" or (
            schema.get("format") != "int64" and high is not None and high <= INT32[1]
            and (low is None or low >= INT32[0]))
        bounds = INT32 if small else INT64
        made.type = "FIELD_INT32" if small else "FIELD_INT64"
        made.min = bounds[0] if low is None else low
        made.max = bounds[1] if high is None else high
        made.default = schema.get("default")

    def _array(self, where, made, parent, schema):
        item = self.field(f"{where}[]", parent, made.name, schema.get("items", {}), True)
        if item.type in ("FIELD_ARRAY", "FIELD_MAP") or item.nullable:
            self.error(where, "items cannot be arrays, maps or null")
        if "maxItems" not in schema:
            self.error(where, "an array needs maxItems")
        made.type, made.item_type = "FIELD_ARRAY", item.type
        made.enum, made.object, made.format = item.enum, item.object, item.format
        made.item_min, made.item_max = item.min, item.max
        made.min, made.max = schema.get("minItems", 0), schema.get("maxItems", 0)
        made.unique = bool(schema.get("uniqueItems", False))

    def _object(self, where, made, parent, component, schema):
        properties = schema.get("properties", {})
        if set(properties) == {"amount", "currency"}:
            amount = self.resolve(properties["amount"])[1]
            made.type = "FIELD_MONEY"
            made.min = amount.get("minimum", INT64[0])
            made.max = amount.get("maximum", INT64[1])
            return
        more = schema.get("additionalProperties")
        if properties:
            made.type = "FIELD_OBJECT"
            made.object = self._struct(where, made, parent, component, schema)
        elif isinstance(more, dict) and self.resolve(more)[1].get("type") == "string":
            value = self.resolve(more)[1]
            made.type = "FIELD_MAP"
            made.min, made.max = schema.get("minProperties", 0), schema.get("maxProperties", 100)
            made.item_min, made.item_max = value.get("minLength", 0), value.get("maxLength", 1000)
        else:
            made.type = "FIELD_JSON"

    def _struct(self, where, made, parent, component, schema):
        name = snake(component) if component else f"{parent.name}_{snake(made.name)}"
        if name not in self.structs:
            struct = Struct(name, about=" ".join(str(schema.get("description", "")).split()))
            self._members(f"{where} ({name})", struct, schema)
            self.structs[name] = struct     # after its members, so that they come first
        return self.structs[name]


class Loader(yaml.SafeLoader):
    """Times and dates in examples stay text; a key that is there twice is an error."""

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.YAMLError(f"{key.value} is there twice{key.start_mark}")
            seen.add(key.value)
        return super().construct_mapping(node, deep)


Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()}
