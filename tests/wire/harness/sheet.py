"""Product CSVs of a vendor: in and out."""
import csv
import io

CSV = {"Content-Type": "text/csv"}
COLUMNS = ("Handle,Title,Tags,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Qty,"
           "Variant Price,Image Src").split(",")


def put(vendor, data, **more):
    if isinstance(data, str):
        data = data.encode()
    return vendor.call("importProducts", data=data, headers=CSV, **more)


def imported(vendor, data, **more):
    response = put(vendor, data, **more)
    assert response.status_code == 200, response.text
    return response.json()


def differences(report):
    """What the import has added or changed."""
    return [key for key in ("products_created", "products_updated", "variants_created",
                            "variants_updated", "taken", "changed") if report[key]]


def remarks(report, kind):
    return sorted((e["line"], e["column"]) for e in report[kind])


def exported(vendor, **more):
    response = vendor.call("exportProducts", **more)
    assert response.status_code == 200, response.text
    return response.content


def table(*rows, columns=COLUMNS):
    """CSV text of dicts; columns None: those that the rows have."""
    columns = columns or list(dict.fromkeys(key for line in rows for key in line))
    out = io.StringIO()
    writer = csv.DictWriter(out, columns)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def row(handle, **more):
    names = {"title": "Title", "tags": "Tags", "name": "Option1 Name", "value": "Option1 Value",
             "sku": "Variant SKU", "stock": "Variant Inventory Qty", "price": "Variant Price",
             "image": "Image Src"}
    return {"Handle": handle} | {names[key]: value for key, value in more.items()}
