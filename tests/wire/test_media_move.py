"""A marketplace moves its files from the folder to a bucket and back, while it runs."""
import shutil

import requests
from harness.media import files_of, folder_of, keep, signed
from harness.s3 import bucket

SMALL = b"a small picture"
LARGE = bytes(range(256)) * 4096 * 20  # 20 MB: more than one part of S3
GROUP = "c0ffee00c0ffee00c0ffee00c0ffee00"
KEYS = {f"public/{GROUP}/640.webp": SMALL, f"private/{GROUP}/original.pdf": LARGE,
        "incoming/0190b0b0-0000-7000-8000-00000000dead/1": SMALL}


def moved(server, where):
    return server.sebez("media", "move", "--to", where).stdout.strip()


def test_a_marketplace_moves_to_a_bucket_and_back(own_server):
    with bucket() as settings:
        server = own_server(**settings, SEBEZ_MEDIA_STORE="s3+folder")
        for key, data in KEYS.items():
            keep(server, key, data)
        public, private, _ = KEYS
        # What is not moved yet is read from the folder.
        assert requests.get(f"{server.url}/media/{public}", timeout=60).content == SMALL
        total = sum(map(len, KEYS.values()))
        assert moved(server, "s3") == (f"to s3: 3 copied ({total} bytes), 0 there already, "
                                       "0 deleted meanwhile, 0 failed")
        assert "0 copied (0 bytes), 3 there already" in moved(server, "s3")
        for part in ("public", "private", "incoming"):
            shutil.rmtree(folder_of(server) / part)
        # Links that were given out lead to the bucket.
        sent_on = requests.get(f"{server.url}/media/{public}", timeout=60, allow_redirects=False)
        assert sent_on.status_code == 307
        assert sent_on.headers["Location"].startswith(settings["S3_ENDPOINT"])
        assert requests.get(f"{server.url}/media/{public}", timeout=60).content == SMALL
        assert requests.get(signed(server, "GET", private), timeout=60).content == LARGE
        assert "3 copied" in moved(server, "folder")
        assert files_of(server) == sorted(KEYS)
        assert (folder_of(server) / private).read_bytes() == LARGE
        assert server.stop() == []


def test_a_move_says_what_it_needs_and_why_it_fails(server):
    done = server.sebez("media", "move", "--to", "s3", check=False)
    assert (done.returncode, "S3_BUCKET" in done.stderr) == (2, True)
    done = server.sebez("media", "move", check=False)
    assert (done.returncode, "--to" in done.stderr) == (2, True)
