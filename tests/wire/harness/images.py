"""Pictures in answers."""


def known_by_address(url, alt=""):
    """The Image of a picture that has not been fetched."""
    return {"id": None, "url": url, "alt": alt, "width": None, "height": None,
            "thumbhash": None, "color": None, "variants": []}
