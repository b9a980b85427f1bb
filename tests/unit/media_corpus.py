"""Pictures of all kinds, made when they are needed: as phones send them, and as nobody should."""
import io
import shutil
import struct
import subprocess
import zlib

from PIL import Image, ImageChops, ImageDraw

SECRET = "Mulholland 7, second floor"  # in all metadata
CORNERS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255), "white": (255, 255, 255)}
# How a picture is stored that the orientation of its EXIF turns upright.
STORED = {1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
          4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE,
          6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
          8: Image.Transpose.ROTATE_270}


def picture(width, height, mode="RGB"):
    """A gradient with four corners of different colours: red, green, blue, white."""
    across = Image.linear_gradient("L").rotate(90).resize((width, height))
    down = Image.linear_gradient("L").resize((width, height))
    image = Image.merge("RGB", (across, down, ImageChops.invert(across)))
    draw = ImageDraw.Draw(image)
    w, h = width // 4, height // 4
    for (x, y), color in zip(((0, 0), (width - w, 0), (0, height - h), (width - w, height - h)),
                             CORNERS.values()):
        draw.rectangle((x, y, x + w, y + h), fill=color)
    return image.convert(mode)


def detailed(width, height):
    """As hard to compress as a photograph."""
    noise = Image.effect_noise((width, height), 40)
    return Image.blend(picture(width, height), Image.merge("RGB", [noise] * 3), 0.15)


def encoded(image, form, **options):
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def exif(orientation=1):
    """With a place on earth and a description."""
    tags = Image.Exif()
    tags[0x0112], tags[0x010E], tags[0x010F] = orientation, SECRET, "Phone"
    tags[0x8825] = {1: "N", 2: (9.0, 1.0, 48.0), 3: "E", 4: (38.0, 44.0, 24.0), 29: SECRET}
    return tags.tobytes()


def phone_jpeg(width, height, orientation=1, image=picture, **options):
    stored = image(width, height)
    if STORED[orientation] is not None:
        stored = stored.transpose(STORED[orientation])
    return encoded(stored, "JPEG", quality=90, exif=exif(orientation), **options)


def heif(image, folder, *options):
    """HEIC, or AVIF with -A."""
    source, target = folder / "in.png", folder / "out.heif"
    image.save(source)
    subprocess.run(["heif-enc", *options, "-q", "70", source, "-o", target], check=True,
                   capture_output=True)
    return target.read_bytes()


def turned(data):
    """The same HEIC, to be shown a quarter turn counterclockwise: irot instead of pixi."""
    at = data.index(b"pixi")
    return data[:at] + b"irot\1" + b"\0" * 7 + data[at + 12:]


def heif_pixels(data, folder):
    """By libheif's own program, as Pillow of Debian 12 reads no AVIF."""
    source, target = folder / "in.avif", folder / "out.png"
    source.write_bytes(data)
    program = shutil.which("heif-convert") or "heif-dec"
    subprocess.run([program, source, target], check=True, capture_output=True)
    return Image.open(target)


def boxed(name, *content):
    body = b"".join(content)
    return struct.pack(">I4s", 8 + len(body), name) + body


def chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_bomb(side=60_000):
    rows = zlib.compress(b"\0" * (side // 8 + 1) * 1000, 9)
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) +
            chunk(b"IEND", b""))


# Where the passes of an interlaced PNG begin, and their steps.
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
         (0, 1, 1, 2))


def deep_png(width, height, interlaced=False, bits=16):
    """Three colours of 16 bits, or of 8."""
    tones = (struct.pack(">96H", *range(0, 65472, 682)) if bits == 16
             else bytes(range(0, 192, 2))) * (width // 32 + 1)
    packer, packed = zlib.compressobj(1), []
    for x, y, right, down in ADAM7 if interlaced else ((0, 0, 1, 1),):
        row = b"\0" + tones[:3 * bits // 8 * ((width - x + right - 1) // right)]
        packed += [packer.compress(row) for _ in range(y, height, down)]
    return (b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, 2, 0, 0, interlaced))
            + chunk(b"IDAT", b"".join(packed) + packer.flush()) + chunk(b"IEND", b""))


def gif_bomb(width=65_535, height=65_535):
    """A frame of that size in 40 bytes."""
    return (b"GIF89a" + struct.pack("<HH", width, height) + b"\x80\0\0" + b"\0\0\0\xff\xff\xff" +
            b"," + struct.pack("<HHHH", 0, 0, width, height) + b"\0" + b"\2\2\x4c\1\0;")


def jpeg_bomb(side=65_500):
    """A picture of 16 x 16 whose header says more."""
    data = bytearray(encoded(picture(16, 16), "JPEG"))
    at = data.index(b"\xff\xc0") + 5
    data[at:at + 4] = struct.pack(">HH", side, side)
    return bytes(data)


def animated(form, frames=3, size=(200, 120)):
    pictures = [picture(*size).rotate(90 * i) for i in range(frames)]
    return encoded(pictures[0], form, save_all=True, append_images=pictures[1:], duration=50)


def swapping_profile():
    """A colour profile in which what is called red is sRGB's green, and the other way round."""
    def xyz(*values):
        return b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(v * 65536)) for v in values)
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(2.2 * 256)) + b"\0\0"
    text = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"swap\0" + b"\0" * 79
    tags = {b"desc": text, b"cprt": b"text\0\0\0\0none\0\0\0\0", b"wtpt": xyz(0.9642, 1, 0.8249),
            b"rXYZ": xyz(0.3851, 0.7169, 0.0971), b"gXYZ": xyz(0.4361, 0.2225, 0.0139),
            b"bXYZ": xyz(0.1431, 0.0606, 0.7141), b"rTRC": curve, b"gTRC": curve, b"bTRC": curve}
    table, body, at = b"", b"", 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        data += b"\0" * (-len(data) % 4)
        table += name + struct.pack(">II", at + len(body), len(data))
        body += data
    head = (struct.pack(">I4sI4s4s4s", at + len(body), b"lcms", 0x02100000, b"mntr", b"RGB ",
                        b"XYZ ") + struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acspAPPL" +
            b"\0" * 24 + struct.pack(">iii", 63190, 65536, 54061)).ljust(128, b"\0")
    return head + struct.pack(">I", len(tags)) + table + body


LARGE = 8064, 6048  # 48 megapixels
# What makes them: one of each way to decode.
LARGEST = {
    "JPEG": lambda: phone_jpeg(*LARGE, 6),
    "progressive JPEG": lambda: phone_jpeg(*LARGE, 6, progressive=True),
    "CMYK JPEG": lambda: encoded(picture(*LARGE, "CMYK"), "JPEG", quality=90),
    "PNG of 16 bits": lambda: deep_png(*LARGE),
    "interlaced PNG of 16 bits": lambda: deep_png(*LARGE, interlaced=True),
    "interlaced PNG": lambda: deep_png(*LARGE, interlaced=True, bits=8),
    "WebP": lambda: encoded(picture(*LARGE), "WEBP", quality=80, method=0),
    "lossless WebP": lambda: encoded(picture(*LARGE), "WEBP", lossless=True, quality=0, method=0),
}
