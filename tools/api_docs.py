"""Writes docs/API.md: every operation for a reader, by area."""

import api_answers

PLACES = {"IN_PATH": "path", "IN_QUERY": "query", "IN_HEADER": "header", "IN_BODY": "body"}
TYPES = {"FIELD_STRING": "text", "FIELD_UUID": "uuid", "FIELD_INT32": "integer",
         "FIELD_INT64": "integer", "FIELD_BOOL": "boolean", "FIELD_TIME": "time",
         "FIELD_MONEY": "money", "FIELD_ENUM": "choice", "FIELD_OBJECT": "object",
         "FIELD_JSON": "object", "FIELD_MAP": "texts by name"}
FAR = 2**31 - 1


def who(op):
    out = []
    for kind in ("public", "guest", "customer", "staff", "admin"):
        if kind not in op.kinds:
            continue
        roles = {"staff": op.staff_roles, "admin": op.admin_roles}.get(kind, [])
        out.append(kind + (f" ({', '.join(roles)})" if roles and len(roles) < 5 else ""))
    return "; ".join(out)


def kind_of(made):
    if made.type == "FIELD_ARRAY":
        text = f"list of {TYPES[made.item_type]}"
    else:
        text = TYPES[made.type]
    if made.enum:
        text = ("list of " if made.type == "FIELD_ARRAY" else "") + " \\| ".join(
            f"`{value}`" for value in made.enum.values)
    if made.object:
        text += f" [{made.object.name}](#{made.object.name})"
    low = made.min if abs(made.min) < FAR else None
    high = made.max if abs(made.max) < FAR else None
    if made.type in ("FIELD_STRING", "FIELD_INT32", "FIELD_INT64", "FIELD_ARRAY"):
        if low is not None and high is not None:
            text += f", {low}…{high}"
        elif low is not None:
            text += f", ≥ {low}"
    if made.format != "FORMAT_NONE":
        text += f", {made.format[7:].lower()}"
    if made.trim:
        text += ", trimmed"
    if made.html:
        text += ", HTML"
    if made.nullable:
        text += ", or null"
    return text


def default_of(made):
    if made.default is None:
        return ""
    if made.enum:
        return f", default `{made.enum.values[made.default]}`"
    value = str(made.default).lower() if isinstance(made.default, bool) else made.default
    return f", default `{value}`"


def table(fields, places=True):
    if not fields:
        return []
    out = ["| name | in | type | |" if places else "| name | type | |",
           "|---|---|---|---|" if places else "|---|---|---|"]
    for made in fields:
        need = "required" if made.required else "optional"
        about = " ".join(made.about.split()).replace("|", "\\|")
        place = f" {PLACES[made.place]} |" if places else ""
        out.append(f"| `{made.name}` |{place} {kind_of(made)} | {need}{default_of(made)}"
                   f"{'. ' + about if about else ''} |")
    return out + [""]


def facts(op):
    out = [f"Who: {who(op)}"]
    if op.idempotency != "none":
        out.append(f"`Idempotency-Key` {op.idempotency}")
    if op.limit:
        out.append(f"Rate rule `{op.limit}`" + f", with `?{op.limit_when}`" * bool(op.limit_when))
    if op.cached:
        out.append("Cached up to one second")
    if op.recent_s:
        out.append(f"Needs a proof of who calls of the last {op.recent_s // 60} minutes "
                   "(`stepUp`)")
    if op.ticket:
        out.append("`?ticket` may stand for the access token")
    if op.signed:
        out.append("The query is a signature (AWS Signature Version 4)")
    if op.stream:
        out.append(f"The body streams as `{op.media_type}`")
    return ". ".join(out) + "."


def operation(contract, op):
    out = [f"### `{op.method} {op.path}`", "", f"**{op.id}**: {op.summary.rstrip('.')}.", ""]
    if op.description:
        out += [" ".join(op.description.split()), ""]
    out += [facts(op), ""] + table(op.input.fields)
    return out + api_answers.of_operation(contract, op) + [""]


def page(contract):
    out = ["# API", "", "Made by `tools/gen_api.py` from `api/*.yaml`; do not edit. "
           "The same as data: `GET /openapi.json`; with examples and to be tried: `GET /docs`.", "",
           contract.document["info"].get("description", "").strip(), "", "## All operations", ""]
    areas = {}
    for op in contract.operations:
        areas.setdefault(op.area, []).append(op)
    out += ["| operation | | who |", "|---|---|---|"]
    for op in contract.operations:
        out.append(f"| `{op.method} {op.path}` | {op.summary} | {who(op)} |")
    for area, operations in areas.items():
        out += ["", f"## {area.capitalize()}", ""]
        for op in operations:
            out += operation(contract, op)
    if contract.structs:
        out += ["## Objects inside bodies", ""]
    for struct in contract.structs.values():
        out += [f"### {struct.name}", ""] + ([struct.about, ""] if struct.about else [])
        out += table(struct.fields, places=False)
    out += api_answers.objects(contract)
    return "\n".join(out).rstrip() + "\n"
