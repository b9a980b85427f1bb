#!/usr/bin/env python3
"""Makes C, openapi.json and docs/API.md from the contract, api/*.yaml.

    gen_api.py --api api --out build/gen     api.gen.h, api.gen.c, feed.gen.h, feed.gen.c,
                                             openapi.gen.c, openapi.json
    gen_api.py --api api --missing OUT FILES handlers that none of the C FILES defines yet
    gen_api.py --docs                        writes docs/API.md and the table in NOTIFICATIONS.md
    gen_api.py --check                       fails when the contract is wrong or one of them stale
"""

import argparse
import json
import pathlib
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import api_c  # noqa: E402
import api_docs  # noqa: E402
import api_notices  # noqa: E402
import api_served  # noqa: E402
import events_c  # noqa: E402
from api_model import Contract  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent
HANDLER = re.compile(r"^void\s+(\w+)\(struct request \*\w+,\s*const struct \w+_in \*\w+\)\s*\{",
                     re.MULTILINE)


def write(path, text):
    """Writes only what has changed, so that nothing is compiled for nothing."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def write_c(contract, served, out, depfile):
    merged = json.dumps(served, ensure_ascii=False, separators=(",", ":"))
    write(out / "api.gen.h", api_c.header(contract))
    write(out / "api.gen.c", api_c.source(contract))
    write(out / "feed.gen.h", events_c.header(contract.payloads))
    write(out / "feed.gen.c", events_c.source(contract.payloads))
    write(out / "openapi.json", merged)
    write(out / "openapi.gen.c", api_c.embedded(merged))
    if depfile:
        inputs = " ".join(str(file) for file in contract.files)
        depfile.write_text(f"{out}/api.gen.h: {contract.folder} {inputs}\n", encoding="utf-8")


def written_handlers(files):
    return {name for file in files
            for name in HANDLER.findall(pathlib.Path(file).read_text(encoding="utf-8"))}


def notices_page(contract, text):
    """The page with the table of notices renewed, which is between two comments."""
    head, begin, rest = text.partition("<!-- notices -->\n")
    _, end, tail = rest.partition("<!-- end of notices -->")
    return head + begin + api_notices.table(contract.notices) + "\n" + end + tail


def pages(contract, args):
    """(file, text that it should have) of every page made of the contract."""
    yield args.docs_file, api_docs.page(contract)
    if args.notices_file.exists():
        known = args.notices_file.read_text(encoding="utf-8")
        yield args.notices_file, notices_page(contract, known)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--api", type=pathlib.Path, default=ROOT / "api")
    parser.add_argument("--out", type=pathlib.Path)
    parser.add_argument("--depfile", type=pathlib.Path)
    parser.add_argument("--missing", type=pathlib.Path)
    parser.add_argument("--docs", action="store_true")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--docs-file", type=pathlib.Path, default=ROOT / "docs/API.md")
    parser.add_argument("--notices-file", type=pathlib.Path,
                        default=ROOT / "docs/NOTIFICATIONS.md")
    parser.add_argument("files", nargs="*")
    args = parser.parse_args()

    contract = Contract(args.api)
    served = None if contract.errors else api_served.document(contract)
    for error in contract.errors:
        print(f"{args.api}: {error}", file=sys.stderr)
    if contract.errors:
        return 1
    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
        write_c(contract, served, args.out, args.depfile)
    if args.missing:
        write(args.missing, api_c.missing(contract, written_handlers(args.files)))
    for file, text in pages(contract, args) if args.docs or args.check else ():
        known = file.read_text(encoding="utf-8") if file.exists() else ""
        if args.docs:
            write(file, text)
        elif known != text:
            print(f"{file} is stale: run tools/gen_api.py --docs", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
