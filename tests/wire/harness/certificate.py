"""A certificate for localhost and 127.0.0.1, which is its own authority."""
import functools
import pathlib
import subprocess
import tempfile


@functools.lru_cache
def texts():
    """(certificate, key), made once in a process."""
    with tempfile.TemporaryDirectory(prefix="sebez-certificate-", dir="/tmp") as folder:
        paths = pathlib.Path(folder, "cert"), pathlib.Path(folder, "key")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-nodes", "-days", "2",
                        "-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                        "-keyout", paths[1], "-out", paths[0]],
                       check=True, stderr=subprocess.DEVNULL)
        return [path.read_text() for path in paths]


def write(folder):
    """The files cert and key."""
    for name, text in zip(("cert", "key"), texts()):
        (folder / name).write_text(text)
