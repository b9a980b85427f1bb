"""Writes texts as the tables of shop/texts/table.h."""

from texts_pattern import STYLES, Insert

TYPES = {"text": "MESSAGE_TEXT", "choice": "MESSAGE_TEXT", "count": "MESSAGE_COUNT",
         "money": "MESSAGE_MONEY", "time": "MESSAGE_TIME"}


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


class Pieces:
    """Of one text: inner branches come first, as C wants them."""

    def __init__(self, name, key):
        self.name = name
        self.place = {argument.name: i for i, argument in enumerate(key.arguments)}
        self.out = []
        self.count = 0

    def _new_name(self):
        self.count += 1
        return f"{self.name}_{self.count}"

    def _piece(self, node):
        if isinstance(node, str):
            return f"{{.op = MESSAGE_LITERAL, .text = {quoted(node)}}}"
        argument = f".argument = {self.place[node.argument.name]}"
        if isinstance(node, Insert):
            style = f", .style = {STYLES[node.style]}" if node.argument.type == "time" else ""
            return (f"{{.op = MESSAGE_INSERT, .type = {TYPES[node.argument.type]}, "
                    f"{argument}{style}}}")
        return f"{{.op = {node.op}, {argument}, .branches = {self._branches(node)}}}"

    def _branches(self, node):
        rows = [f"{{{quoted(word)}, {self.write(self._new_name(), nodes)}}}"
                for word, nodes in node.all.items()]
        name = self._new_name()
        self.out.append(f"static const struct message_branch {name}[] = {{{', '.join(rows)}}};")
        return name

    def write(self, name, nodes):
        rows = [self._piece(node) for node in nodes] + ["{.op = MESSAGE_END}"]
        self.out.append(f"static const struct message_piece {name}[] = {{\n\t"
                        + ",\n\t".join(rows) + "};")
        return name


def write_key(number, key):
    rows = [f"{{{quoted(a.name)}, {TYPES[a.type]}, {'true' if a.optional else 'false'}}}"
            for a in key.arguments]
    if not rows:
        return ""
    return f"static const struct text_argument ARGUMENTS_{number}[] = {{{', '.join(rows)}}};\n"


def write_language(language, keys):
    out, names = [], []
    for number, key in enumerate(keys.values()):
        pieces = Pieces(f"{language.name}_{number}", key)
        names.append(pieces.write(pieces.name, language.texts[key.name]))
        out += pieces.out
    out.append(f"static const struct message_piece *const {language.name}_texts[] = {{\n\t"
               + ",\n\t".join(names) + "};")
    return "\n".join(out) + "\n"


def write(keys, languages):
    out = ["/* Made by tools/gen_texts.py of texts/. */\n",
           '#include "shop/texts/table.h"\n\n']
    out += [write_key(number, key) for number, key in enumerate(keys.values())]
    rows = [f"{{{quoted(key.name)}, {f'ARGUMENTS_{number}' if key.arguments else 'NULL'}, "
            f"{len(key.arguments)}}}" for number, key in enumerate(keys.values())]
    out.append("\nconst struct text_key TEXT_KEYS[] = {\n\t" + ",\n\t".join(rows) + "};\n"
               f"const size_t TEXT_KEYS_COUNT = {len(keys)};\n\n")
    out += [write_language(language, keys) for language in languages]
    rows = [f"{{{quoted(each.name)}, {quoted(each.own_name)}, {quoted(' '.join(each.plurals))}, "
            f"{'true' if each.direction == 'rtl' else 'false'}, {each.name}_texts}}"
            for each in languages]
    out.append("\nconst struct text_language TEXT_LANGUAGES[] = {\n\t" + ",\n\t".join(rows)
               + ",\n\t{0}};\n")
    return "".join(out)
