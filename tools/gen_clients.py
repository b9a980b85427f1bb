#!/usr/bin/env python3
"""Makes the part of an SDK that follows from the contract, api/*.yaml: its types, and how each
operation is called. It is not committed.

    gen_clients.py ts [FILE]      clients/sdk-ts/src/api.gen.ts (`npm run build` calls it), and
                                  admin.gen.ts beside it, how the operations of admins are called
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
PLACES = {"ts": "clients/sdk-ts/src/api.gen.ts", "dart": "clients/sdk-dart/lib/src/api.gen.dart"}


def main():
    if len(sys.argv) < 2 or sys.argv[1] not in PLACES:
        sys.exit(__doc__)
    contract = Contract(ROOT / "api")
    if contract.errors:
        sys.exit("\n".join(contract.errors))
    if len(sys.argv) > 3:
        contract.operations = [op for op in contract.operations if op.id in sys.argv[3:]]
    place = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else ROOT / PLACES[sys.argv[1]]
    if sys.argv[1] == "ts":
        write(place, clients_ts.text(contract))
        write(place.with_name("admin.gen.ts"), clients_ts.admin_text(contract))
    else:
        write(place, clients_dart.text(contract))


if __name__ == "__main__":
    main()
