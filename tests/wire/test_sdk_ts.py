"""The SDK of clients/sdk-ts, as npm packs it, in an empty project, against a real server. Its tests
are in clients/sdk-ts/test; where npm is not installed, they are skipped."""
import base64
import fcntl
import gzip
import json
import os
import shutil
import subprocess

import pytest
import requests

from conftest import serving
from harness import sent
from harness.contract import OPERATIONS, ROOT
from harness.sdk import installed
from harness.shop import ADDRESS, PASSWORD, Shop, money

SOURCE = ROOT / "clients/sdk-ts"
FOLDER = ROOT / "build/sdk-ts"
APP = ROOT / "build/sdk-ts-app"
SIZE_MAX = 8 * 1024  # of all of it, compressed


def run(*command, cwd, **how):
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300,
                          check=False, **how)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def refresh(source, folder):
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(source, folder)


@pytest.fixture(scope="module")
def app():
    """An empty project that has installed what `npm pack` makes."""
    folder, why_not = installed(SOURCE, FOLDER,
                                ("package.json", "package-lock.json", "tsconfig.json"))
    if folder is None:
        pytest.skip(why_not)
    with open(folder / "lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        refresh(SOURCE / "src", FOLDER / "src")
        run(ROOT / "tools/gen_clients.py", FOLDER / "src/api.gen.ts", cwd=ROOT)
        run("npx", "tsc", "-p", "tsconfig.json", cwd=folder)
        (packed,) = json.loads(run("npm", "pack", "--json", "--ignore-scripts", cwd=folder))
        refresh(SOURCE / "test", APP)
        (APP / "package.json").write_text('{"private": true, "type": "module"}')
        run("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts",
            folder / packed["filename"], cwd=APP)
    return APP


@pytest.fixture(scope="module")
def sdk_world():
    with serving(SEBEZ_MEDIA_PROCESSES=1) as server:
        yield made_world(Shop(server))


def made_world(shop):
    clay = shop.vendor()
    mug = clay.product(title="Mug", stock=1_000_000)
    for number in range(5):
        clay.product(title=f"Bowl {number}")
    clay.product(title="Plate", options=[{"name": "Color", "values": ["Sea & sky"]}],
                 variants=[{"price": money(900), "available": 5,
                            "options": {"Color": "Sea & sky"}}])
    return {"url": shop.server.url, "password": PASSWORD, "address": ADDRESS,
            "vendor_id": clay.id, "product_id": mug.id, "variant_id": mug.variant,
            "owner": clay.owner.do("getMe")["email"],
            "customer": shop.customer().do("getMe")["email"],
            "guest": shop.customer().do("getMe")["email"],
            "png": base64.b64encode(sent.png("sdk", 300, 200)).decode()}


@pytest.mark.parametrize("file", sorted(path.name for path in (SOURCE / "test").glob("*.test.mjs")))
def test_the_sdk_does_what_its_tests_say(app, sdk_world, file, tmp_path):
    world = tmp_path / "world.json"
    world.write_text(json.dumps(sdk_world))
    run("node", "--test", file, cwd=app, env={**os.environ, "SEBEZ_WORLD": str(world)})


def compile_types(app, file):
    (app / "tsconfig.json").write_text(json.dumps({
        "compilerOptions": {"target": "ES2022", "module": "NodeNext", "strict": True,
                            "noEmit": True, "types": []}, "include": [file]}))
    run(FOLDER / "node_modules/.bin/tsc", "-p", ".", cwd=app)


def test_what_developers_write_is_typed(app):
    compile_types(app, "story.ts")


def test_every_sample_of_the_reference_has_the_types_of_the_sdk(app, shop):
    paths = requests.get(shop.server.url + "/openapi.json", timeout=60).json()["paths"]
    nodes = [node for item in paths.values() for node in item.values() if "x-codeSamples" in node]
    names = {name for operation in OPERATIONS.values() for name in operation.names("path")}
    known = ", ".join(f"{name}: string" for name in ["shop", *names - {"file"}])
    lines = ['import { type Sebez } from "@sebez/sdk";', "declare const sebez: Sebez, file: Blob;",
             f"declare const {known};"]
    for node in nodes:
        (sample,) = [s["source"] for s in node["x-codeSamples"] if s["lang"] == "TypeScript"]
        lines += [f"export async function {node['operationId']}() {{", sample, "}"]
    (app / "samples.ts").write_text("\n".join(lines))
    compile_types(app, "samples.ts")


def test_the_sdk_is_small_and_needs_nothing(app):
    package = json.loads((app / "node_modules/@sebez/sdk/package.json").read_text())
    assert "dependencies" not in package
    bundle = subprocess.run(
        [FOLDER / "node_modules/.bin/esbuild", "--bundle", "--minify", "--format=esm",
         app / "node_modules/@sebez/sdk/dist/index.js"], capture_output=True, check=True).stdout
    size = len(gzip.compress(bundle, 9))
    print("compressed:", size)
    assert size <= SIZE_MAX
