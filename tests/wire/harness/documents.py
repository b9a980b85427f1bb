"""Documents that people accept: docs/ACCOUNTS.md, "Documents and consent"."""


def document_body(w=None, who=None, side=None, kind="marketing", **more):
    return {"kind": kind, "texts": [{"language": "en", "title": "Mails", "body": "<p>News</p>"}],
            **more}


def a_document(shop, **more):
    """The id of another version; of marketing, which is never demanded."""
    return shop.admin().do("publishDocument", body=document_body(**more))["id"]
