#!/usr/bin/env python3
"""Makes the part of an SDK that follows from the contract, api/*.yaml: its types, and how each
operation is called. It is not committed.

    gen_clients.py ts [FILE]      clients/sdk-ts/src/api.gen.ts (`npm run build` calls it)
    gen_clients.py dart [FILE]    clients/sdk-dart/lib/src/api.gen.dart

With operations named after FILE, of these alone.
"""

import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import clients_dart  # noqa: E402
import clients_ts  # noqa: E402
from api_model import Contract  # noqa: E402
from gen_api import write  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent
KINDS = {"ts": (clients_ts.text, "clients/sdk-ts/src/api.gen.ts"),
         "dart": (clients_dart.text, "clients/sdk-dart/lib/src/api.gen.dart")}


def main():
    if len(sys.argv) < 2 or sys.argv[1] not in KINDS:
        sys.exit(__doc__)
    text, place = KINDS[sys.argv[1]]
    contract = Contract(ROOT / "api")
    if contract.errors:
        sys.exit("\n".join(contract.errors))
    if len(sys.argv) > 3:
        contract.operations = [op for op in contract.operations if op.id in sys.argv[3:]]
    write(pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else ROOT / place, text(contract))


if __name__ == "__main__":
    main()
