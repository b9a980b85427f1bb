#!/usr/bin/env python3
"""Makes the part of the TypeScript SDK that follows from the contract, api/*.yaml: its types, and
how each operation is called. `npm run build` of clients/sdk-ts calls it.

    gen_clients.py [FILE]    writes it, to clients/sdk-ts/src/api.gen.ts
"""

import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import clients_ts  # noqa: E402
from api_model import Contract  # noqa: E402
from gen_api import write  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent


def main():
    contract = Contract(ROOT / "api")
    if contract.errors:
        sys.exit("\n".join(contract.errors))
    default = ROOT / "clients/sdk-ts/src/api.gen.ts"
    write(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default, clients_ts.text(contract))


if __name__ == "__main__":
    main()
