"""What the worker makes of pictures, read by other decoders than its own."""
import io
import itertools
import os
import shutil
import struct

import pytest

Image = pytest.importorskip("PIL.Image", reason="python3-pil is not installed")
from PIL import ImageStat

import media_corpus as corpus
from media_worker import Gone, PICTURES, WIDTHS, Worker

PROGRAM = os.environ["MEDIA_WORKER"]
needs_heif = pytest.mark.skipif(not shutil.which("heif-enc"), reason="no libheif-examples")


class Kept:
    """A worker for all tests; another one after it ended, or asked to be replaced."""

    def __init__(self):
        self.worker = None

    def ask(self, data, **request):
        if self.worker is None:
            self.worker = Worker(PROGRAM)
        worker, self.worker = self.worker, None
        result = worker.ask(data, **request)
        if result.replace:
            assert worker.child.wait(timeout=60) == 0
        else:
            self.worker = worker
        return result


@pytest.fixture(scope="module")
def worker():
    kept = Kept()
    yield kept
    if kept.worker:
        assert kept.worker.close() == 0


def opened(data):
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def color_at(image, column, row):
    """The average in a corner: column and row are 0 or 1."""
    w, h = image.width // 8, image.height // 8
    x, y = column * (image.width - w), row * (image.height - h)
    return ImageStat.Stat(image.convert("RGB").crop((x, y, x + w, y + h))).mean


def assert_color(found, wanted, tolerance=24):
    assert all(abs(f - w) <= tolerance for f, w in zip(found, wanted)), (found, wanted)


def assert_upright(image):
    for (row, column), color in zip(itertools.product((0, 1), (0, 1)), corpus.CORNERS.values()):
        assert_color(color_at(image, column, row), color)


def assert_bare(data):
    image = opened(data)
    assert corpus.SECRET.encode() not in data and not image.getexif()
    assert not {"exif", "xmp", "icc_profile", "comment", "photoshop"} & image.info.keys()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photograph_is_upright_in_all_widths_and_says_nothing_of_where_it_was_taken(
        worker, orientation):
    data = corpus.phone_jpeg(1500, 1000, orientation)
    assert corpus.SECRET.encode() in data
    result = worker.ask(data)
    assert result.failure is None
    facts = result.facts
    assert (facts["type"], facts["width"], facts["height"]) == ("jpeg", 1500, 1000)
    assert facts["widths"] == [160, 320, 640, 1280, 1500] and facts["frames"] == 1
    assert set(result.renditions) == set(itertools.product(("jpeg", "webp"), facts["widths"]))
    for (form, width), (height, rendition) in result.renditions.items():
        image = opened(rendition)
        assert (image.format.lower(), image.size) == (form, (width, height))
        assert abs(height - width * 1000 / 1500) <= 1
        assert image.mode == "RGB"
        assert_upright(image)
        assert_bare(rendition)


@pytest.mark.parametrize("width,height,widths", [
    (4000, 3000, WIDTHS), (640, 480, [160, 320, 640]), (1, 1, [1]),
    (100, 2, [100]), (161, 100, [160, 161]), (300, 16_000, [153]), (2, 30_000, [1]),
    (20_000, 3, WIDTHS)])
def test_nothing_is_enlarged_or_too_tall(worker, width, height, widths):
    result = worker.ask(corpus.phone_jpeg(width, height), formats=["jpeg"])
    assert result.failure is None and result.facts["widths"] == widths
    assert (result.facts["width"], result.facts["height"]) == (width, height)
    for (_, wide), (tall, rendition) in result.renditions.items():
        assert opened(rendition).size == (wide, tall) and 1 <= tall <= 8192


@needs_heif
@pytest.mark.parametrize("options,of_type", [((), "heic"), (("-A",), "avif")])
def test_heic_and_avif_are_decoded_and_turned_as_their_container_says(
        worker, tmp_path, options, of_type):
    stored = corpus.picture(800, 600).transpose(Image.Transpose.ROTATE_270)
    result = worker.ask(corpus.turned(corpus.heif(stored, tmp_path, *options)))
    assert result.failure is None
    assert (result.facts["type"], result.facts["width"], result.facts["height"]) == (
        of_type, 800, 600)
    for form in ("jpeg", "webp"):
        assert_upright(opened(result.renditions[form, 640][1]))
        assert_bare(result.renditions[form, 640][1])


@needs_heif
def test_renditions_in_avif_are_made_when_they_are_asked_for(worker, tmp_path):
    result = worker.ask(corpus.phone_jpeg(900, 600, 6), formats=["avif"])
    assert set(result.renditions) == {("avif", width) for width in (160, 320, 640, 900)}
    for (_, width), (height, data) in result.renditions.items():
        assert data[4:12] == b"ftypavif" and corpus.SECRET.encode() not in data
        image = corpus.heif_pixels(data, tmp_path)
        assert image.size == (width, height)
        assert_upright(image)


@pytest.mark.parametrize("size", [(6000, 4000), (16383, 1), (16383, 3)])
def test_a_large_webp_is_scaled_while_it_is_decoded(worker, size):
    turned = corpus.picture(*size).transpose(Image.Transpose.ROTATE_90)
    result = worker.ask(corpus.encoded(turned, "WEBP", quality=80, method=0,
                                       exif=corpus.exif(6)))
    assert (result.facts["width"], result.facts["height"]) == size
    height, data = result.renditions["jpeg", 2048]
    assert opened(data).size == (2048, max(1, round(2048 * size[1] / size[0]))) == (2048, height)
    if size[1] > 3:
        assert_upright(opened(data))


MODES = {
    "CMYK JPEG": lambda: corpus.encoded(corpus.picture(600, 400, "CMYK"), "JPEG", quality=95),
    "progressive": lambda: corpus.phone_jpeg(600, 400, 8, progressive=True),
    "PNG": lambda: corpus.encoded(corpus.picture(600, 400), "PNG"),
    "PNG with a palette": lambda: corpus.encoded(
        corpus.picture(600, 400).quantize(256), "PNG"),
    "WebP": lambda: corpus.encoded(corpus.picture(600, 400), "WEBP", quality=90),
    "lossless WebP": lambda: corpus.encoded(corpus.picture(600, 400), "WEBP", lossless=True),
    "GIF": lambda: corpus.encoded(corpus.picture(600, 400), "GIF"),
    "alpha": lambda: corpus.encoded(corpus.picture(600, 400, "RGBA"), "PNG"),
    "a broken profile": lambda: corpus.encoded(
        corpus.picture(600, 400), "JPEG", quality=90, icc_profile=b"no profile" * 20),
}


@pytest.mark.parametrize("kind", MODES)
def test_every_kind_of_pixels_becomes_srgb(worker, kind):
    result = worker.ask(MODES[kind]())
    assert result.failure is None
    for form in ("jpeg", "webp"):
        data = result.renditions[form, 320][1]
        assert opened(data).mode in ("RGB", "RGBA")
        # CMYK has no pure colours, and no pure white.
        if kind != "CMYK JPEG":
            assert_upright(opened(data))
        assert_bare(data)


def test_inks_are_converted_by_a_profile_of_inks(worker):
    image = opened(worker.ask(MODES["CMYK JPEG"]()).renditions["jpeg", 320][1])
    for (row, column), channel in (((0, 0), 0), ((0, 1), 1), ((1, 0), 2)):
        color = color_at(image, column, row)
        assert max(color) == color[channel]
    assert min(color_at(image, 1, 1)) > 230


def test_16_bits_and_grey_become_8_bits_of_three_colours(worker):
    grey = Image.linear_gradient("L").resize((300, 300)).convert("I").point(lambda v: v * 257)
    deep = corpus.encoded(grey.convert("I;16"), "PNG")
    assert deep[24] == 16
    for data in (deep, corpus.encoded(corpus.picture(300, 300, "L"), "JPEG"),
                 corpus.encoded(corpus.picture(300, 300, "LA"), "PNG")):
        result = worker.ask(data)
        for form in ("jpeg", "webp"):
            image = opened(result.renditions[form, 160][1])
            assert image.size == (160, 160) and image.mode in ("RGB", "RGBA")
    gradient = opened(worker.ask(deep).renditions["jpeg", 160][1])
    assert_color(gradient.getpixel((80, 2)), (0, 0, 0))
    assert_color(gradient.getpixel((80, 80)), (128, 128, 128))
    assert_color(gradient.getpixel((80, 157)), (255, 255, 255))


def test_a_colour_profile_is_applied_and_dropped(worker):
    red = Image.new("RGB", (200, 200), (255, 0, 0))
    plain = worker.ask(corpus.encoded(red, "JPEG", quality=95)).renditions["jpeg", 160][1]
    swapped = worker.ask(corpus.encoded(
        red, "JPEG", quality=95, icc_profile=corpus.swapping_profile())).renditions
    assert_color(color_at(opened(plain), 0, 0), (255, 0, 0))
    for form in ("jpeg", "webp"):
        assert_color(color_at(opened(swapped[form, 160][1]), 0, 0), (0, 255, 0), 40)
        assert_bare(swapped[form, 160][1])


@pytest.mark.parametrize("form,side,options", [
    ("PNG", 200, {}), ("WEBP", 3000, {"quality": 90, "method": 0}),
    ("WEBP", 3000, {"lossless": True, "quality": 0, "method": 0})])
def test_transparent_pixels_stay_so_in_webp_and_are_white_in_jpeg(worker, form, side, options):
    image = Image.new("RGBA", (2 * side, side), (0, 0, 0, 0))
    image.paste((255, 0, 0, 255), (0, 0, side, side))
    result = worker.ask(corpus.encoded(image, form, **options))
    webp = opened(result.renditions["webp", 320][1])
    assert webp.mode == "RGBA" and webp.getpixel((300, 80))[3] == 0
    assert webp.getpixel((20, 80))[3] == 255
    jpeg = opened(result.renditions["jpeg", 320][1])
    assert_color(jpeg.getpixel((300, 80)), (255, 255, 255))
    assert_color(jpeg.getpixel((20, 80)), (255, 0, 0))
    # No dark edge between them: alpha is multiplied before scaling.
    assert min(jpeg.getpixel((x, 80))[0] for x in range(320)) > 190
    assert result.facts["color"] & 0xf0f0f0 == 0xf00000 and result.facts["thumbhash"][2] & 0x80


@pytest.mark.parametrize("form", ["GIF", "WEBP"])
def test_of_a_moving_picture_the_first_frame_is_shown_and_that_it_moves_is_said(worker, form):
    result = worker.ask(corpus.animated(form))
    assert result.failure is None
    assert (result.facts["frames"], result.facts["width"], result.facts["height"]) == (3, 200, 120)
    assert_upright(opened(result.renditions["jpeg", 200][1]))
    assert worker.ask(corpus.animated(form), max_frames=2).failure == "too_many_frames"


BOMBS = {"PNG": corpus.png_bomb, "GIF": corpus.gif_bomb, "JPEG": corpus.jpeg_bomb}


@pytest.mark.parametrize("kind", BOMBS)
def test_a_bomb_is_refused_by_its_header(worker, kind):
    assert worker.ask(BOMBS[kind]()).failure == "too_many_pixels"


@needs_heif
@pytest.mark.parametrize("options", [(), ("-A",)])
def test_a_bomb_in_a_container_is_refused(worker, tmp_path, options):
    data = bytearray(corpus.heif(corpus.picture(64, 64), tmp_path, *options))
    at = data.index(b"ispe") + 8
    data[at:at + 8] = struct.pack(">II", 30_000, 30_000)
    assert worker.ask(bytes(data)).failure in ("too_many_pixels", "damaged")


def test_the_limit_of_pixels_is_that_of_the_request(worker):
    data = corpus.phone_jpeg(400, 300)
    assert worker.ask(data, max_pixels=400 * 300).failure is None
    assert worker.ask(data, max_pixels=400 * 300 - 1).failure == "too_many_pixels"


CUT = {
    "JPEG": lambda _: corpus.phone_jpeg(600, 400),
    "progressive JPEG": lambda _: corpus.phone_jpeg(600, 400, progressive=True),
    "PNG": lambda _: corpus.encoded(corpus.picture(600, 400), "PNG"),
    "WebP": lambda _: corpus.encoded(corpus.picture(600, 400), "WEBP"),
    "lossless WebP": lambda _: corpus.encoded(corpus.picture(600, 400), "WEBP", lossless=True),
    "GIF": lambda _: corpus.encoded(corpus.picture(600, 400), "GIF"),
    "HEIC": lambda folder: corpus.heif(corpus.picture(600, 400), folder),
    "AVIF": lambda folder: corpus.heif(corpus.picture(600, 400), folder, "-A"),
}


@pytest.mark.parametrize("kind", CUT)
def test_a_picture_that_is_cut_off_is_damaged(worker, tmp_path, kind):
    if kind in ("HEIC", "AVIF") and not shutil.which("heif-enc"):
        pytest.skip("no libheif-examples")
    data = CUT[kind](tmp_path)
    assert worker.ask(data).failure is None
    for tenth in range(1, 10):
        cut = worker.ask(data[:len(data) * tenth // 10])
        assert cut.failure == "damaged" and not cut.renditions, tenth
    # Of the last bytes of a file some are no pixels.
    assert worker.ask(data[:len(data) * 98 // 100]).failure == "damaged"


def test_what_follows_a_picture_is_not_in_its_renditions(worker):
    follows = b"PK\3\4" + corpus.SECRET.encode() * 20
    result = worker.ask(corpus.phone_jpeg(600, 400) + follows)
    assert result.failure is None
    assert all(corpus.SECRET.encode() not in data for _, data in result.renditions.values())


OTHERS = {
    "PDF and JPEG": lambda: b"%PDF-1.7\n" + corpus.phone_jpeg(60, 40),
    "a JPEG later": lambda: b"\n" + corpus.phone_jpeg(60, 40),
    "SVG": lambda: b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>",
    "TIFF": lambda: corpus.encoded(corpus.picture(60, 40), "TIFF"),
    "BMP": lambda: corpus.encoded(corpus.picture(60, 40), "BMP"),
    "JPEG 2000": lambda: corpus.encoded(corpus.picture(60, 40), "JPEG2000"),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_no_other_decoder_is_ever_asked(worker, kind):
    assert worker.ask(OTHERS[kind](), types=PICTURES).failure == "not_this_type"


def test_a_type_that_the_purpose_does_not_allow_is_refused(worker):
    data = corpus.encoded(corpus.picture(60, 40), "GIF")
    assert worker.ask(data, types=["jpeg", "png"]).failure == "not_this_type"


ENDLESS = {
    "baseline": {}, "progressive": {"progressive": True}, "black and white": {"mode": "L"},
    "CMYK": {"mode": "CMYK"}, "restart markers": {"restart_marker_blocks": 5},
    "full colour": {"subsampling": 0}}


@pytest.mark.parametrize("size", [(617, 411), (160, 96), (3, 2)])
@pytest.mark.parametrize("kind", ENDLESS)
def test_a_jpeg_without_its_end_marker_is_whole_when_all_pixels_are_there(worker, kind, size):
    options = dict(ENDLESS[kind])
    data = corpus.encoded(corpus.picture(*size, options.pop("mode", "RGB")), "JPEG", **options)
    assert data[-2:] == b"\xff\xd9"
    whole = worker.ask(data, formats=["jpeg"])
    for cut in (data[:-2], data[:-1]):
        result = worker.ask(cut, formats=["jpeg"])
        assert (result.failure, result.facts) == (None, whole.facts)
        assert result.renditions == whole.renditions
    for missing in (3, 4, 5, 10, 40):
        if len(data) - missing > data.rindex(b"\xff\xda") + 14:  # within the last scan
            assert worker.ask(data[:-missing]).failure == "damaged", missing


@pytest.mark.parametrize("data", [
    b"\xff\xd8\xff", b"\xff\xd8\xff\xe0" + b"\0" * 500, b"\x89PNG\r\n\x1a\n", b"GIF89a",
    b"RIFF\x20\0\0\0WEBPVP8 ", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
    b"\0\0\0\x18ftypavif\0\0\0\0mif1avif" + b"\xff" * 400])
def test_a_beginning_alone_is_damaged(worker, data):
    assert worker.ask(data).failure == "damaged"


def test_near_duplicates_have_near_hashes_and_others_do_not(worker):
    def near_hash(data):
        return worker.ask(data, formats=[]).facts["near_hash"]

    first = near_hash(corpus.phone_jpeg(1200, 800))
    again = near_hash(corpus.encoded(corpus.picture(500, 333), "WEBP", quality=30))
    other = near_hash(corpus.encoded(Image.radial_gradient("L").resize((1200, 800)), "PNG"))
    assert bin(first ^ again).count("1") <= 6 < 16 <= bin(first ^ other).count("1")


def test_facts_alone_are_answered_without_renditions(worker):
    result = worker.ask(corpus.phone_jpeg(600, 400), formats=[])
    assert result.failure is None and not result.renditions and result.facts["width"] == 600


def test_a_worker_ends_itself_at_the_deadline():
    late = Worker(PROGRAM)
    with pytest.raises(Gone) as gone:
        late.ask(corpus.phone_jpeg(3000, 2000), deadline_ms=1)
    assert gone.value.signal == 14


def test_a_worker_asks_to_be_replaced_after_its_last_picture():
    with Worker(PROGRAM) as worn:
        data = corpus.phone_jpeg(20, 20)
        results = [worn.ask(data if i % 2 else b"", formats=["jpeg"]) for i in range(50)]
        assert [result.replace for result in results] == [False] * 49 + [True]
        assert worn.child.wait(timeout=60) == 0


def has_sanitizers():
    with open(PROGRAM, "rb") as program:
        return b"__asan_init" in program.read()


@pytest.mark.skipif(has_sanitizers(), reason="sanitizers take memory of their own")
@pytest.mark.parametrize("kind", sorted(corpus.LARGEST.keys() - {"interlaced PNG of 16 bits"}))
def test_48_megapixels_take_no_more_memory_than_their_limit(kind):
    with Worker(PROGRAM) as measured:
        assert measured.ask(corpus.LARGEST[kind]()).facts["widths"] == WIDTHS
        with open(f"/proc/{measured.child.pid}/status", encoding="ascii") as status:
            peak, = (int(line.split()[1]) for line in status if line.startswith("VmHWM"))
        assert peak <= 300 * 1024


if __name__ == "__main__":
    raise SystemExit(pytest.main(["-q", "-p", "no:cacheprovider", __file__]))
