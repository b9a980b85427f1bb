"""Writes the kinds of events as C: a struct for each payload, and the one call that writes it."""

NOTE = "/* Made by tools/gen_api.py from the contract in api/. Do not edit. */\n"
TYPES = {"uuid": "struct uuid", "int": "int32_t", "bigint": "int64_t", "bool": "bool",
         "time": "int64_t", "money": "struct money"}
WRITERS = {"uuid": "json_uuid(json, {})", "int": "json_int(json, {})",
           "bigint": "json_int(json, {})", "bool": "json_bool(json, {})",
           "time": "json_time(json, {})"}


def value_type(member):
    if member.type == "enum":
        return f"enum {member.enum.name}_choice"
    if member.type == "object":
        return f"struct {member.object.name}_out"
    return TYPES[member.type]


def declaration(member):
    name = member.cname
    lines = [f"bool {name}_given;"] if member.given else []
    if member.type in ("text", "json"):
        return lines + [f"const char *{name};"]
    if member.type == "array":
        return lines + [f"size_t {name}_count;",
                        f"const struct {member.object.name}_out *{name};"]
    by_pointer = member.nullable or not member.required
    return lines + [f"{'const ' if by_pointer else ''}{value_type(member)} "
                    f"{'*' if by_pointer else ''}{name};"]


def struct(name, shape):
    about = [f"/* {shape.about.rstrip('.')} */"] if shape.about else []
    members = [f"\t{line}" for member in shape.members if member.type != "nothing"
               for line in declaration(member)]
    return [*about, f"struct {name} {{", *members, "};", ""]


def payload_name(kind, passing):
    if kind.shared:
        return f"{kind.shape.name}_out"
    return f"{'passing' if passing else 'event'}_{kind.name}"


def prototype(kind, passing):
    call, where = ("pass", "arena *arena") if passing else ("write", "db *db")
    return (f"void feed_{call}_{kind.name}(struct {where}, struct uuid owner, "
            f"const struct {payload_name(kind, passing)} *payload)")


def written(kinds):
    """A payload without members is nobody's to write: it only stands for another."""
    return [kind for kind in kinds.values() if kind.shape.members]


def header(events):
    out = [NOTE, "#ifndef SEBEZ_GEN_FEED_H", "#define SEBEZ_GEN_FEED_H", "",
           '#include "api.gen.h"', "", "struct arena;", "struct db;", ""]
    for shape in events.shapes.values():
        out += struct(f"{shape.name}_out", shape)
    for kinds, passing in ((events.events, False), (events.passing, True)):
        for kind in written(kinds):
            if not kind.shared:
                out += struct(payload_name(kind, passing), kind.shape)
    out += [f"{prototype(kind, False)};" for kind in written(events.events)]
    out += [f"{prototype(kind, True)};" for kind in written(events.passing)]
    return "\n".join([*out, "", "#endif", ""])


def value_lines(member, value):
    if member.type == "enum":
        names = f"{member.enum.name.upper()}_NAMES"
        count = f"{member.enum.name.upper()}_COUNT"
        return [f"assert({value} < {count});", f"json_str(json, {names}[{value}]);"]
    if member.type == "money":
        return [f"money_json(json, {value});"]
    if member.type == "object":
        return [f"{member.object.name}_out_json(json, &{value});"]
    good = [f"assert(!uuid_is_nil({value}));"] if member.type == "uuid" else []
    return [*good, WRITERS[member.type].format(value) + ";"]


def present_lines(member):
    """What writes the value of a member that is there."""
    name = f"v->{member.cname}"
    if member.type == "nothing":
        return ["json_nil(json);"]
    if member.type in ("text", "json"):
        write = (f"json_str(json, {name});" if member.type == "text"
                 else f"json_raw(json, {name}, strlen({name}));")
        if not member.nullable:
            return [f"assert({name} != NULL);", write]
        return [f"if ({name} != NULL)", f"\t{write}", "else", "\tjson_nil(json);"]
    if member.type == "array":
        return [f"assert({name} != NULL || {name}_count == 0);", "json_open_array(json);",
                f"for (size_t i = 0; i < {name}_count; i++)",
                f"\t{member.object.name}_out_json(json, &{name}[i]);", "json_close_array(json);"]
    if member.nullable:
        lines = value_lines(member, f"(*{name})")
        return [f"if ({name} != NULL) {{", *(f"\t{line}" for line in lines),
                "} else {", "\tjson_nil(json);", "}"]
    return value_lines(member, name if member.required else f"(*{name})")


def member_lines(member):
    lines = [f'json_key(json, "{member.name}");', *present_lines(member)]
    if member.required:
        return lines
    there = f"v->{member.cname}{'_given' if member.given else ' != NULL'}"
    return [f"if ({there}) {{", *(f"\t{line}" for line in lines), "}"]


def writer(name, shape):
    body = [f"\t{line}" for member in shape.members for line in member_lines(member)]
    return [f"static void {name}_json(struct json *json, const struct {name} *v)", "{",
            "\tjson_open_object(json);", *body, "\tjson_close_object(json);", "}", ""]


def call(kind, passing):
    arena = "arena" if passing else "db_task(db)->arena"
    told = (f"feed_pass(arena, owner, PASSING_{kind.name.upper()}" if passing
            else f"feed_write(db, owner, EVENT_{kind.name.upper()}")
    return [prototype(kind, passing), "{", f"\tstruct buf buf = buf_new({arena}, 256);",
            "\tstruct json json = json_new(&buf);", "",
            f"\t{payload_name(kind, passing)}_json(&json, payload);", f"\t{told}, buf.data);",
            "}", ""]


def source(events):
    out = [NOTE, '#include "feed.gen.h"', "", "#include <assert.h>", "#include <string.h>", "",
           '#include "base/json.h"', '#include "shop/feed/write.h"', '#include "task/db.h"', ""]
    if any(member.type == "money" for shape in events.all_shapes() for member in shape.members):
        out += ["static void money_json(struct json *json, struct money v)", "{",
                "\tjson_open_object(json);", '\tjson_put_int(json, "amount", v.amount);',
                '\tjson_put_str(json, "currency", v.currency);', "\tjson_close_object(json);",
                "}", ""]
    for shape in events.shapes.values():
        out += writer(f"{shape.name}_out", shape)
    for kinds, passing in ((events.events, False), (events.passing, True)):
        for kind in written(kinds):
            if not kind.shared:
                out += writer(payload_name(kind, passing), kind.shape)
            out += call(kind, passing)
    return "\n".join(out)
