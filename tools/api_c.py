"""Writes the contract as C: input structs, enums, field tables, the table of operations."""

import gzip
import json

SCALARS = {
    "FIELD_UUID": "struct uuid",
    "FIELD_INT32": "int32_t",
    "FIELD_INT64": "int64_t",
    "FIELD_BOOL": "bool",
    "FIELD_TIME": "int64_t",
    "FIELD_MONEY": "struct money",
}
TEXTS = ("FIELD_STRING", "FIELD_JSON")
NOTE = "/* Made by tools/gen_api.py from the contract in api/. Do not edit. */\n"


def quote(text):
    return json.dumps(text, ensure_ascii=True) if text is not None else "NULL"


def number(value):
    if value == -2**63:
        return "INT64_MIN"
    if value == 2**63 - 1:
        return "INT64_MAX"
    return f"{value}LL" if abs(value) > 2**31 - 1 else str(value)


def value_type(kind, made):
    if kind == "FIELD_ENUM":
        return f"enum {made.enum.name}_choice"
    if kind == "FIELD_OBJECT":
        return f"struct {made.object.name}_in"
    return SCALARS[kind]


def member(made):
    """The C lines of one member of an input struct."""
    lines = []
    name = made.cname
    if made.given:
        lines.append(f"bool {name}_given;")
    if made.type in TEXTS:
        lines.append(f"const char *{name};")
    elif made.type == "FIELD_ARRAY":
        kind = made.item_type
        item = "char *const" if kind in TEXTS else value_type(kind, made)
        lines += [f"size_t {name}_count;", f"const {item} *{name};"]
    elif made.type == "FIELD_MAP":
        lines += [f"size_t {name}_count;", f"const struct field_pair *{name};"]
    elif made.pointer:
        lines.append(f"const {value_type(made.type, made)} *{name};")
    else:
        lines.append(f"{value_type(made.type, made)} {name};")
    return lines


def struct_lines(struct):
    out = [f"/* {struct.about.rstrip('.')} */"] if struct.about else []
    out.append(f"struct {struct.name}_in {{")
    for made in struct.fields:
        out += ["\t" + line for line in member(made)]
    return out + ["};", ""]


def header(contract):
    out = [NOTE, "#ifndef SEBEZ_GEN_API_H", "#define SEBEZ_GEN_API_H", "",
           "#include <stdbool.h>", "#include <stddef.h>", "#include <stdint.h>", "",
           '#include "base/money.h"', '#include "base/uuid.h"', '#include "web/operation.h"', "",
           "/* The merged contract, for GET /openapi.json. */",
           "extern const unsigned char OPENAPI_JSON[];", "extern const size_t OPENAPI_JSON_LENGTH;",
           "extern const unsigned char OPENAPI_JSON_GZ[];",
           "extern const size_t OPENAPI_JSON_GZ_LENGTH;",
           ""]
    for enum in contract.enums.values():
        upper = enum.name.upper()
        names = [f"{upper}_{constant(value)}" for value in enum.values]
        out += [f"enum {enum.name}_choice {{"] + [f"\t{name}," for name in names]
        out += [f"\t{upper}_COUNT,", "};",
                f"extern const char *const {upper}_NAMES[]; /* NULL-terminated */", ""]
    for kind, roles in contract.roles.items():
        if roles:
            out += [f"enum {kind}_role {{ /* bits */"]
            out += [f"\t{kind.upper()}_{role.upper()} = 1 << {bit},"
                    for bit, role in enumerate(roles)]
            out += ["};", ""]
    of_staff = [op for op in contract.operations if op.staff_roles]
    if of_staff:
        out += ["enum { /* staff_roles of each operation that staff may call */"]
        out += [f"\t{op.cname.upper()}_STAFF = {staff_bits(op.staff_roles)}," for op in of_staff]
        out += ["};", ""]
    out += ["/* What can happen in a feed: the schemas with x-event. */", "enum event_kind {"]
    out += [f"\tEVENT_{kind.upper()}," for kind in contract.events]
    out += ["\tEVENT_KIND_COUNT,", "};", "extern const char *const EVENT_KIND_NAMES[];",
            "extern const uint32_t EVENT_KIND_STAFF[]; /* bits of the roles that are told */", ""]
    out += ["/* What is told in passing: the schemas with x-passing. */", "enum passing_kind {"]
    out += [f"\tPASSING_{kind.upper()}," for kind in contract.passing]
    out += ["\tPASSING_KIND_COUNT,", "};", "extern const char *const PASSING_KIND_NAMES[];",
            "extern const uint32_t PASSING_KIND_STAFF[];", ""]
    for struct in contract.structs.values():
        out += struct_lines(struct)
    for handler in contract.handlers:
        out += struct_lines(handler.input)
    for handler in contract.handlers:
        out += [f"/* {op.method} {op.path} */" for op in handler.operations]
        out.append(f"{prototype(handler)};")
    return "\n".join(out + ["", "#endif", ""])


def prototype(handler):
    return f"void {handler.name}(struct request *rq, const struct {handler.name}_in *in)"


def constant(value):
    return "".join(c if c.isalnum() else "_" for c in value).strip("_").upper()


def field_row(struct, made):
    where = f"struct {struct.name}_in"
    parts = [f".name = {quote(made.name)}", f".type = {made.type}", f".place = {made.place}"]
    for flag, name in ((made.required, "required"), (made.pointer, "pointer"),
                       (made.nullable, "nullable"), (made.unique, "unique_items"),
                       (made.commas, "commas"), (made.trim, "trim"), (made.html, "html")):
        if flag:
            parts.append(f".{name} = true")
    if made.format != "FORMAT_NONE":
        parts.append(f".format = {made.format}")
    parts += [f".min = {number(made.min)}", f".max = {number(made.max)}"]
    if made.default is not None and isinstance(made.default, str):
        parts.append(f".default_text = {quote(made.default)}")
    elif made.default is not None and made.type != "FIELD_ARRAY":
        parts += [".has_default = true", f".default_value = {int(made.default)}"]
    if made.enum:
        parts.append(f".choices = {made.enum.name.upper()}_NAMES")
    if made.object:
        parts.append(f".object = &{made.object.name.upper()}_OBJECT")
    if made.item_type:
        parts.append(f".item_type = {made.item_type}")
    if made.item_type or made.type == "FIELD_MAP":
        parts += [f".item_min = {number(made.item_min)}", f".item_max = {number(made.item_max)}"]
    parts.append(f".offset = offsetof({where}, {made.cname})")
    if made.type in ("FIELD_ARRAY", "FIELD_MAP"):
        parts.append(f".count_offset = offsetof({where}, {made.cname}_count)")
    given = f"offsetof({where}, {made.cname}_given)" if made.given else "FIELD_NO_OFFSET"
    parts.append(f".given_offset = {given}")
    return "\t{" + ", ".join(parts) + "},"


def object_lines(name, struct):
    out = []
    if struct.fields:
        out.append(f"static const struct field {name.upper()}_FIELDS[] = {{")
        out += [field_row(struct, made) for made in struct.fields] + ["};"]
    return out


def object_value(name, struct):
    fields = f"{name.upper()}_FIELDS" if struct.fields else "NULL"
    return (f"{{.size = sizeof(struct {struct.name}_in), .field_count = {len(struct.fields)}, "
            f".fields = {fields}, .members_min = {struct.members_min}}}")


def operation_row(index, op):
    may = " | ".join(f"MAY_{kind.upper()}" for kind in ("public", "guest", "customer", "staff",
                                                        "admin") if kind in op.kinds) or "0"
    staff = staff_bits(op.staff_roles)
    admin = " | ".join(f"ADMIN_{role.upper()}" for role in op.admin_roles) or "0"
    body = "BODY_STREAM" if op.stream else "BODY_JSON" if op.body else "BODY_NONE"
    bound = op.body_max or ("LIMIT_IMPORT_BYTES" if op.stream else
                            "LIMIT_BODY_BYTES" if op.body else "LIMIT_SMALL_BODY_BYTES")
    return [
        "\t{",
        f"\t\t.id = {quote(op.id)}, .method = {quote(op.method)}, .path = {quote(op.path)},",
        f"\t\t.number = {index}, .may_call = {may},",
        f"\t\t.staff_roles = {staff}, .admin_roles = {admin},",
        f"\t\t.idempotency = IDEMPOTENCY_{op.idempotency.upper()}, .body = {body},",
        f"\t\t.body_bytes_max = {bound}, .media_type = {quote(op.media_type)},",
        f"\t\t.limit = {quote(op.limit)}, .limit_when = {quote(op.limit_when)},",
        f"\t\t.cached = {str(op.cached).lower()},",
        f"\t\t.recent_s = {op.recent_s},",
        f"\t\t.takes_ticket = {str(op.ticket).lower()},",
        f"\t\t.is_signed = {str(op.signed).lower()}, .takes_rest = {str(op.rest).lower()},",
        f"\t\t.input = {object_value(op.cname, op.input)},",
        f"\t\t.body_required = {str(op.body_required).lower()}, .call = call_{op.handler},",
        "\t},",
    ]


def staff_bits(roles):
    return " | ".join(f"STAFF_{role.upper()}" for role in roles) or "0"


def staff_masks(name, contract, kinds):
    masks = ", ".join(staff_bits(contract.staff_of(schema)) for schema in kinds.values())
    return f"const uint32_t {name}[] = {{{masks or 0}}};"


def source(contract):
    out = [NOTE, '#include "api.gen.h"', "", '#include "base/limits.h"', ""]
    for enum in contract.enums.values():
        values = ", ".join(quote(value) for value in enum.values)
        out += [f"const char *const {enum.name.upper()}_NAMES[] = {{{values}, NULL}};"]
    kinds = "".join(f"{quote(kind)}, " for kind in contract.events)
    out.append(f"const char *const EVENT_KIND_NAMES[] = {{{kinds}NULL}};")
    out.append(staff_masks("EVENT_KIND_STAFF", contract, contract.events))
    kinds = "".join(f"{quote(kind)}, " for kind in contract.passing)
    out.append(f"const char *const PASSING_KIND_NAMES[] = {{{kinds}NULL}};")
    out.append(staff_masks("PASSING_KIND_STAFF", contract, contract.passing))
    for struct in contract.structs.values():
        out += object_lines(struct.name, struct)
        out += [f"static const struct field_object {struct.name.upper()}_OBJECT =",
                f"    {object_value(struct.name, struct)};", ""]
    for op in contract.operations:
        out += object_lines(op.cname, op.input)
    for handler in contract.handlers:
        out += [f"static void call_{handler.name}(struct request *rq, const void *in)", "{",
                f"\t{handler.name}(rq, in);", "}", ""]
    out.append("const struct operation OPERATIONS[] = {")
    for index, op in enumerate(contract.operations):
        out += operation_row(index, op)
    if not contract.operations:
        out.append("\t{.id = NULL},")
    out += ["};", "", f"const size_t OPERATION_COUNT = {len(contract.operations)};", ""]
    return "\n".join(out)


def embedded(text):
    plain = text.encode("utf-8")
    out = [NOTE, '#include "api.gen.h"', ""]
    out += bytes_lines("OPENAPI_JSON", plain)
    return "\n".join(out + bytes_lines("OPENAPI_JSON_GZ", gzip.compress(plain, 9, mtime=0)))


def bytes_lines(name, data):
    out = [f"const unsigned char {name}[] = {{"]
    for at in range(0, len(data), 24):
        out.append("\t" + ",".join(str(byte) for byte in data[at:at + 24]) + ",")
    return out + ["};", "", f"const size_t {name}_LENGTH = {len(data)};", ""]


def missing(contract, written):
    """Handlers for operations that no source file defines yet, so that the program links while
    it is being written. A release is built without this file."""
    out = [NOTE, '#include "api.gen.h"', '#include "web/request.h"', ""]
    lacking = [handler for handler in contract.handlers if handler.name not in written]
    for handler in lacking:
        out += [prototype(handler), "{", "\ttask_end(&rq->task, PROBLEM_UNAVAILABLE,",
                "\t         \"%s is not part of this build.\", rq->operation->id);", "}", ""]
    return "\n".join(out + ["extern const int API_MISSING;",
                            f"const int API_MISSING = {len(lacking)};", ""])
