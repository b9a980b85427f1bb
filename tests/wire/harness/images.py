"""Pictures in answers."""
from .shop import fresh
from .uploads import ask, make_ready
from .wait import until


def known_by_address(url, alt=""):
    """The Image of a picture that has not been fetched."""
    return {"id": None, "url": url, "alt": alt, "width": None, "height": None,
            "thumbhash": None, "color": None, "variants": []}


def uploaded(server, sender, purpose, content=None, **body):
    """A ready upload: its id, and the path of its renditions."""
    upload = ask(sender, purpose, **body)
    group = make_ready(server, upload, content or fresh("picture").encode())
    return upload["id"], f"/media/public/{group}"


def known_by_upload(upload, path, alt="", formats=("jpg", "webp")):
    """The Image of what uploaded() made."""
    return {"id": upload, "url": f"{path}/900.jpg", "alt": alt, "width": 900, "height": 600,
            "thumbhash": "AQID", "color": "#123456",
            "variants": [{"url": f"{path}/{width}.{form}", "width": width, "format": form}
                         for width in (160, 320, 640, 900) for form in formats]}


def uses(shop, upload):
    return shop.db.one("select uses from upload where id = %s", upload)


def shown(shop, upload_id):
    """Waits until all that shows an upload has its present facts."""
    until(lambda: shop.db.one("select count(*) from upload_showing where upload_id = %s",
                              upload_id) == 0)


def has_avif(shop, upload_id):
    """It has further renditions, which all that shows it shows."""
    shop.db.rows("update upload set formats = '{jpg,webp,avif}', formats_at = now() where id = %s",
                 upload_id)
    shown(shop, upload_id)
