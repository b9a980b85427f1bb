#!/usr/bin/python3
"""Writes a Shopify product CSV of a given number of rows, the same bytes for the same seed.

    bench/make_csv.py --rows 500000 > big.csv

About four rows per product: variants of one or two options, and images; some with quotes, line ends
and letters beyond ASCII, as real files have.
"""
import argparse
import csv
import random
import sys

HEADER = ("Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,"
          "Option2 Name,Option2 Value,Variant SKU,Variant Grams,Variant Inventory Qty,"
          "Variant Inventory Policy,Variant Price,Variant Compare At Price,Variant Barcode,"
          "Image Src,Image Position,"
          "Image Alt Text,Status").split(",")
THINGS = "Mug Lamp Shirt Chair Vase Basket Blanket Bowl Candle Scarf Teapot Stool".split()
LOOKS = "Blue Plain Woven Oak Linen Brass Glazed Striped Felt Copper Crème Rough Tall Round".split()
TYPES = ["Kitchen", "Home > Lamps", "Home > Textiles", "Garden", "Clothing", "Clothing > Scarves",
         "Living > Chairs", "Living > Rugs", ""]
COLORS = "Blue Sand Red Green Black White Grey Ochre".split()
SIZES = "XS S M L XL".split()
WORDS = ("made by hand from local clay and wool dried slowly fired twice washes well keeps its "
         "shape for years each piece differs a little from the next which is right").split()


def description(rng):
    text = " ".join(rng.choices(WORDS, k=rng.randint(20, 60)))
    if rng.random() < 0.2:
        text += '\n<ul><li>12" across, "as it comes"</li></ul>'
    return f"<p>{text}.</p>"


def options(rng):
    """Names, and the values of each variant."""
    kind = rng.random()
    if kind < 0.3:
        return ["Title"], [["Default Title"]]
    if kind < 0.7:
        return ["Color"], [[c] for c in rng.sample(COLORS, rng.randint(2, 6))]
    colors = rng.sample(COLORS, rng.randint(1, 3))
    return ["Color", "Size"], [[c, s] for c in colors for s in rng.sample(SIZES, rng.randint(1, 4))]


def product(rng, number):
    look, thing = rng.choice(LOOKS), rng.choice(THINGS)
    handle = f"{look}-{thing}-{number}".lower().replace("è", "e")
    names, variants = options(rng)
    images = rng.randint(0, 4)
    price = rng.randint(500, 50000)
    for i in range(max(len(variants), images)):
        row = {"Handle": handle}
        if i == 0:
            row |= {"Title": f"{look} {thing} {number}", "Body (HTML)": description(rng),
                    "Vendor": "Generated", "Type": rng.choice(TYPES), "Published": "true",
                    "Tags": ", ".join(rng.sample(WORDS, 3)),
                    "Status": rng.choices(["active", "draft"], [95, 5])[0]}
            row |= {f"Option{o + 1} Name": name for o, name in enumerate(names)}
        if i < len(variants):
            cents = price + 100 * i
            row |= {f"Option{o + 1} Value": value for o, value in enumerate(variants[i])}
            row |= {"Variant SKU": f"G{number}-{i}", "Variant Grams": rng.randint(50, 5000),
                    "Variant Inventory Qty": rng.randint(0, 200),
                    "Variant Inventory Policy": "deny",
                    "Variant Price": f"{cents // 100}.{cents % 100:02}",
                    "Variant Compare At Price": f"{cents // 50}.00" if rng.random() < 0.2 else "",
                    "Variant Barcode": str(4000000000000 + number * 100 + i)}
        if i < images:
            row |= {"Image Src": f"https://images.example.com/{handle}-{i + 1}.jpg",
                    "Image Position": i + 1, "Image Alt Text": f"{look} {thing}, view {i + 1}"}
        yield row


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    out = csv.DictWriter(sys.stdout, HEADER, lineterminator="\n")
    out.writeheader()
    rows = number = 0
    while rows < arguments.rows:
        number += 1
        for row in product(rng, number):
            if rows < arguments.rows:
                out.writerow(row)
                rows += 1


main()
