"""The schemas of the contract as fields and structs of C: what a value of the input may be."""

import re
from dataclasses import dataclass, field

from api_document import Document

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
    trim: bool = False
    html: bool = False
    lacked: bool = False        # by another operation of the same handler
    about: str = ""

    @property
    def cname(self):
        return c_name(self.name)

    @property
    def pointer(self):
        if self.type in ("FIELD_STRING", "FIELD_ARRAY", "FIELD_MAP", "FIELD_JSON"):
            return False
        return self.lacked or self.nullable or (not self.required and self.default is None)

    @property
    def given(self):
        return self.nullable and not self.required

    @property
    def c_type(self):
        """Equal for members that are declared the same in C."""
        return (self.type, self.item_type, self.pointer, self.given,
                self.enum and self.enum.name, self.object and self.object.name)


@dataclass
class Struct:
    name: str                   # C name without the trailing _in
    fields: list = field(default_factory=list)
    members_min: int = 0
    about: str = ""


class Schemas(Document):
    def __init__(self, folder):
        super().__init__(folder)
        self.structs = {}       # in order of dependency
        self.enums = {}
        self.shapes = {}        # of the structs: what each was made of

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
        made.trim = bool(schema.get("x-trim", False))
        made.html = bool(schema.get("x-html", False))

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
        made.item_min, made.item_max, made.trim = item.min, item.max, item.trim
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
            made.trim = bool(value.get("x-trim", False))
        else:
            made.type = "FIELD_JSON"
            made.min, made.max = 0, schema.get("maxProperties", 100)

    def _struct(self, where, made, parent, component, schema):
        name = snake(component) if component else f"{parent.name}_{snake(made.name)}"
        shape = (schema["properties"], schema.get("required"))
        if self.shapes.setdefault(name, shape) != shape:
            self.error(where, f"object {name} has two shapes")
        if name not in self.structs:
            struct = Struct(name, about=" ".join(str(schema.get("description", "")).split()))
            self._members(f"{where} ({name})", struct, schema)
            self.structs[name] = struct     # after its members, so that they come first
        return self.structs[name]
