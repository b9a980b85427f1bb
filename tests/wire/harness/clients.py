"""What tests of the SDKs share."""
import base64
import shutil
import subprocess

import requests

from . import sent
from .shop import ADDRESS, PASSWORD, money


def run(*command, cwd, **how):
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300,
                          check=False, **how)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def refresh(source, folder):
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(source, folder)


def made_world(shop):
    """What the tests of an SDK act on."""
    clay = shop.vendor()
    mug = clay.product(title="Mug", stock=1_000_000)
    for number in range(5):
        clay.product(title=f"Bowl {number}")
    clay.product(title="Plate", options=[{"name": "Color", "values": ["Sea & sky"]}],
                 variants=[{"price": money(900), "available": 5,
                            "options": {"Color": "Sea & sky"}}])
    return {"url": shop.server.url, "password": PASSWORD, "address": ADDRESS,
            "vendor_id": clay.id, "product_id": mug.id, "variant_id": mug.variant,
            "owner": clay.owner.do("getMe")["email"], "admin": shop.admin().do("getMe")["email"],
            "customer": shop.customer().do("getMe")["email"],
            "guest": shop.customer().do("getMe")["email"],
            "png": base64.b64encode(sent.png("sdk", 300, 200)).decode()}


def samples(server, language):
    """{operationId: how the reference says that it is called}"""
    paths = requests.get(server.url + "/openapi.json", timeout=60).json()["paths"]
    return {node["operationId"]: sample["source"] for item in paths.values()
            for node in item.values() if "x-codeSamples" in node
            for sample in node["x-codeSamples"] if sample["lang"] == language}
