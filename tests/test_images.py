"""Pictures: the course's own; what people have is read or refused with a reason."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin, features

from course_utils import data
from course_utils.data import read_rows
from course_utils.images import (
    ImageError,
    load_images,
    load_photo,
    load_photos,
    read_image,
    read_images,
)

# The course's own


def test_photo():
    photo = load_photo("cat")
    assert photo.shape == (266, 400, 3)
    assert photo.dtype == np.uint8
    red, _, blue = photo.reshape(-1, 3).mean(axis=0)
    assert red > blue  # a ginger cat; channels swapped would be a blue one


def test_photo_is_the_one_that_scikit_image_has():
    skimage = pytest.importorskip("skimage")
    original = skimage.transform.resize(skimage.data.chelsea(), (266, 400))
    difference = original - load_photo("cat") / 255
    assert np.abs(difference).mean() < 0.02


PHOTOS = [
    "astronaut",
    "cat",
    "clock",
    "coffee",
    "flower",
    "galaxies",
    "photographer",
    "retina",
    "rocket",
    "temple",
]


def test_photos():
    photos = load_photos()
    assert list(photos) == PHOTOS
    for name, photo in photos.items():
        assert photo.dtype == np.uint8
        assert photo.ndim == 3
        assert photo.shape[2] == 3
        assert max(photo.shape) == 400
        np.testing.assert_array_equal(photo, load_photo(name))


@pytest.fixture(scope="module")
def images():
    """The labelled pictures; the tests leave them as they are."""
    return load_images()


def test_images(images):
    assert images.classes == (
        *("birds", "food", "household"),
        *("mammals", "plants", "vehicles"),
    )
    assert images.x_train.shape == (157, 160, 160, 3)
    assert images.x_test.shape == (67, 160, 160, 3)
    assert images.x_train.dtype == images.x_test.dtype == np.uint8
    assert images.y_train.dtype == images.y_test.dtype == np.int64
    assert np.bincount(images.y_train).tolist() == [25, 31, 20, 43, 24, 14]
    assert np.bincount(images.y_test).tolist() == [10, 14, 8, 19, 10, 6]
    assert images.x_validation is None
    assert images.y_validation is None
    assert "x_train (157, 160, 160, 3)" in repr(images)
    assert len(repr(images)) < 300


def test_images_stand_on_white(images):
    for image in images.x_test:
        corners = image[[0, 0, -1, -1], [0, -1, 0, -1]]
        assert corners.min() > 245
        assert image.std() > 10


def test_image_labels_belong_to_their_files(images):
    for x, y, part in (
        (images.x_train, images.y_train, "train"),
        (images.x_test, images.y_test, "test"),
    ):
        found = {
            image.tobytes(): images.classes[label]
            for image, label in zip(x, y, strict=True)
        }
        rows = [row for row in read_rows("objects/index.csv") if row["part"] == part]
        assert len(rows) == len(found)
        for row in rows:
            with Image.open(data.DATA / "objects" / row["file"]) as image:
                assert found[image.tobytes()] == row["class"]
            assert row["file"].startswith(f"{row['class']}/")


def test_image_classes_are_mixed(images):
    y = images.y_train
    assert np.mean(y[1:] == y[:-1]) < 0.3
    assert len(set(y[:20])) == 6


def test_look_alikes_are_on_one_side():
    parts = {}
    for row in read_rows("objects/index.csv"):
        parts.setdefault(row["alike"], set()).add(row["part"])
    assert len(parts) < len(read_rows("objects/index.csv"))
    assert all(len(part) == 1 for part in parts.values())


def test_no_picture_is_nearly_or_mirrored_in_both_parts(images):
    """Small gray versions differ by more than a re-encoded or mirrored copy would."""

    def small(x):
        gray = x.mean(axis=-1).reshape(len(x), 16, 10, 16, 10).mean(axis=(2, 4))
        return gray.reshape(len(x), -1)

    train, test = small(images.x_train), small(images.x_test)
    mirrored = small(images.x_train[:, :, ::-1])
    for image in test:
        assert np.abs(train - image).mean(axis=1).min() > 4
        assert np.abs(mirrored - image).mean(axis=1).min() > 4


def test_every_picture_says_where_it_is_from():
    for row in read_rows("objects/index.csv"):
        for key in ("shows", "credit", "source"):
            assert row[key].strip(), row["file"]
        assert "cartoon" not in row["source"]
        assert "_mirror" not in row["source"]


@pytest.mark.parametrize("validation", [30, 0.2])
def test_image_validation(validation):
    whole, split = load_images(), load_images(validation=validation, seed=3)
    assert 24 <= len(split.x_validation) <= 38
    assert len(split.x_train) + len(split.x_validation) == 157
    assert set(split.y_validation) == set(range(6))
    np.testing.assert_array_equal(split.x_test, whole.x_test)
    where = {image.tobytes(): label for image, label in zip(*whole[:2], strict=True)}
    for x, y in (split[:2], split[2:4]):
        assert [where[image.tobytes()] for image in x] == y.tolist()
    same = load_images(validation=validation, seed=3)
    np.testing.assert_array_equal(same.x_validation, split.x_validation)
    other = load_images(validation=validation, seed=4)
    assert not np.array_equal(other.y_validation, split.y_validation) or not (
        np.array_equal(other.x_validation, split.x_validation)
    )


def test_image_validation_keeps_look_alikes_together():
    group = {}
    for row in read_rows("objects/index.csv"):
        with Image.open(data.DATA / "objects" / row["file"]) as image:
            group[image.tobytes()] = row["alike"]
    for seed in range(4):
        split = load_images(validation=40, seed=seed)
        held = {group[image.tobytes()] for image in split.x_validation}
        assert not held & {group[image.tobytes()] for image in split.x_train}


@pytest.mark.parametrize("validation", [-1, 1.0, 157, True, None])
def test_impossible_image_validation(validation):
    with pytest.raises(ValueError, match=r"157 training pictures .* 0 to 156"):
        load_images(validation=validation)


@pytest.mark.parametrize("name", ["dog", "../digits", "", "cat.jpg"])
def test_unknown_photo(name):
    with pytest.raises(ValueError, match=r"no photo .*there are: astronaut, cat"):
        load_photo(name)


# What people have


def scene(width=48, height=32):
    """A picture that looks different whichever way it is turned: red above blue, and
    green on the right.
    """
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[: height // 2, :, 0] = 250
    pixels[height // 2 :, :, 2] = 250
    pixels[:, 3 * width // 4 :] = (0, 250, 0)
    return pixels


def saved(path, image, **options):
    image = Image.fromarray(image) if isinstance(image, np.ndarray) else image
    image.save(path, **options)
    return path


def difference(found, expected):
    assert found.dtype == np.uint8
    assert found.shape == expected.shape
    return np.abs(found.astype(int) - expected).mean()


def reason(path):
    with pytest.raises(ImageError) as caught:
        read_image(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    return message.removeprefix(f"{path}: ")


@pytest.mark.parametrize(
    ("name", "options", "most"),
    [
        ("a.png", {}, 0),
        ("a.PNG", {}, 0),
        ("a.bmp", {}, 0),
        ("a.webp", {"lossless": True}, 0),
        ("a.webp", {"quality": 95}, 12),
        ("a.jpg", {"quality": 95, "subsampling": 0}, 6),
        ("a.jpeg", {"quality": 95, "progressive": True, "subsampling": 0}, 6),
    ],
)
def test_common_formats(tmp_path, name, options, most):
    path = saved(tmp_path / name, scene(), **options)
    assert difference(read_image(path), scene()) <= most


def test_a_name_without_an_ending_is_read_by_its_content(tmp_path):
    path = saved(tmp_path / "picture", scene(), format="png")
    assert difference(read_image(path), scene()) == 0


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp"])
def test_turned_upright_as_the_camera_noted(tmp_path, orientation, name):
    undo = {  # EXIF 2.32, tag 274: how the stored pixels differ from the upright ones
        1: lambda x: x,
        2: lambda x: x[:, ::-1],
        3: lambda x: x[::-1, ::-1],
        4: lambda x: x[::-1],
        5: lambda x: x.transpose(1, 0, 2),
        6: lambda x: np.rot90(x),
        7: lambda x: x.transpose(1, 0, 2)[::-1, ::-1],
        8: lambda x: np.rot90(x, -1),
    }
    stored = np.ascontiguousarray(undo[orientation](scene()))
    exif = Image.Exif()
    exif[274] = orientation
    options = {"lossless": True} if name.endswith("webp") else {}
    path = saved(tmp_path / name, stored, exif=exif.tobytes(), **options)
    assert difference(read_image(path), scene()) < 15


def exif(*entries):
    """EXIF data of (tag, type, count, value in four bytes), right or wrong."""
    fields = b"".join(struct.pack("<HHI4s", *entry) for entry in entries)
    start = struct.pack("<2sHIH", b"II", 42, 8, len(entries))
    return b"Exif\0\0" + start + fields + bytes(4)


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp"])
@pytest.mark.parametrize(
    "other",
    [
        (296, 2, 2, b"2\0"),  # the unit of the resolution as a letter
        (282, 2, 4, b"abc\0"),  # the resolution too
        (282, 5, 1, b"\xff\xff\0\0"),  # somewhere beyond the end
        (34665, 4, 1, b"\xff\xff\xff\xff"),  # more notes there
        (282, 99, 1, b"abcd"),  # in a type that there is not
    ],
)
def test_turned_upright_whatever_else_the_camera_noted(tmp_path, name, other):
    stored = np.ascontiguousarray(np.rot90(scene()))
    notes = exif((274, 3, 1, b"\6\0\0\0"), other)
    options = {"lossless": True} if name.endswith("webp") else {}
    path = saved(tmp_path / name, stored, exif=notes, **options)
    assert difference(read_image(path), scene()) < 15


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp"])
@pytest.mark.parametrize(
    "notes",
    [
        b"Exif\0\0no notes at all",
        exif()[:-6],
        exif((274, 2, 2, b"6\0")),
        exif((274, 3, 1, b"\x09\0\0\0")),
        exif((274, 5, 1, b"\xff\xff\0\0")),
    ],
)
def test_notes_without_a_usable_orientation_do_no_harm(tmp_path, name, notes):
    options = {"lossless": True} if name.endswith("webp") else {}
    path = saved(tmp_path / name, scene(), exif=notes, **options)
    assert difference(read_image(path), scene()) < 15


def test_long_notes_in_a_png_do_no_harm(tmp_path):
    """Programs that draw keep their work in it."""
    notes = PngImagePlugin.PngInfo()
    notes.add_text("workflow", "x" * 2_000_000, zip=True)
    path = saved(tmp_path / "a.png", scene(), pnginfo=notes)
    assert difference(read_image(path), scene()) == 0


def test_cmyk(tmp_path):
    path = saved(tmp_path / "a.jpg", Image.fromarray(scene()).convert("CMYK"))
    with Image.open(path) as image:
        assert image.mode == "CMYK"
    assert difference(read_image(path), scene()) < 15


def test_colour_profile_of_another_mode_does_no_harm(tmp_path):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    path = saved(tmp_path / "a.jpg", scene(), icc_profile=profile, quality=95)
    assert difference(read_image(path), scene()) < 15


def test_gray_and_black_and_white(tmp_path):
    ramp = np.tile(np.arange(48, dtype=np.uint8) * 5, (32, 1))
    found = read_image(saved(tmp_path / "gray.png", ramp))
    assert difference(found, np.stack([ramp] * 3, -1)) == 0
    found = read_image(saved(tmp_path / "gray.jpg", ramp, quality=95))
    assert difference(found, np.stack([ramp] * 3, -1)) < 3
    bits = Image.fromarray(ramp).point(lambda level: 255 * (level > 99)).convert("1")
    found = read_image(saved(tmp_path / "bits.png", bits))
    assert set(np.unique(found)) == {0, 255}


def test_palette(tmp_path):
    palette = Image.fromarray(scene()).quantize(8)
    for name in ("a.png", "a.gif"):
        assert difference(read_image(saved(tmp_path / name, palette)), scene()) < 2


def on_white(alpha):
    """The scene with an alpha channel, and what it looks like on white paper."""
    rgba = np.dstack([scene(), alpha])
    share = alpha[..., None] / 255
    return rgba, np.round(scene() * share + 255 * (1 - share))


def test_transparent_becomes_white(tmp_path):
    alpha = np.zeros((32, 48), np.uint8)
    alpha[:, 10:20] = 128
    alpha[:, 20:] = 255
    rgba, expected = on_white(alpha)
    for name, options in (("a.png", {}), ("a.webp", {"lossless": True, "exact": True})):
        found = read_image(saved(tmp_path / name, rgba, **options))
        assert difference(found, expected) < 1
    gray = Image.fromarray(rgba).convert("LA")
    assert (read_image(saved(tmp_path / "la.png", gray))[:, :10] == 255).all()


def test_transparent_palette_entry_and_colour(tmp_path):
    palette = Image.fromarray(scene()).quantize(8)
    index = palette.getpixel((0, 0))  # red
    for name in ("a.png", "a.gif"):
        path = saved(tmp_path / name, palette, transparency=index)
        found = read_image(path)
        assert (found[2, 2] == 255).all()
        assert found[30, 2, 2] > 200  # blue is still blue
    path = saved(tmp_path / "rgb.png", scene(), transparency=(250, 0, 0))
    assert (read_image(path)[2, 2] == 255).all()


def png16(path, channels, samples):
    """A PNG with 16 bits a channel, which Pillow does not write in colour."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    height, width = samples.shape[:2]
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    header = struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in samples)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )
    return path


def test_sixteen_bits_a_channel(tmp_path):
    ramp = np.linspace(0, 65535, 48).astype(np.uint16)
    gray = np.tile(ramp, (32, 1))
    found = read_image(png16(tmp_path / "gray.png", 1, gray))
    assert difference(found, np.stack([gray // 257] * 3, -1)) < 1
    colour = scene().astype(np.uint16) * 257
    assert difference(read_image(png16(tmp_path / "rgb.png", 3, colour)), scene()) < 1
    alpha = np.full((32, 48, 1), 65535, np.uint16)
    alpha[:, :10] = 0
    rgba = np.concatenate([colour, alpha], -1)
    found = read_image(png16(tmp_path / "rgba.png", 4, rgba))
    assert (found[:, :10] == 255).all()
    assert difference(found[:, 10:], scene()[:, 10:]) < 1


def test_first_frame_of_an_animation(tmp_path):
    frames = [Image.fromarray(scene()), Image.new("RGB", (48, 32), "black")]
    for name in ("a.gif", "a.webp", "a.png"):
        options = {"lossless": True} if name.endswith("webp") else {}
        path = tmp_path / name
        frames[0].save(path, save_all=True, append_images=frames[1:], **options)
        assert difference(read_image(path), scene()) < 2


def test_a_jpeg_with_a_preview_behind_it(tmp_path):
    """Many phones write these (MPO) and call them .jpg."""
    first, second = Image.fromarray(scene()), Image.new("RGB", (24, 16))
    path = tmp_path / "a.jpg"
    first.save(path, format="MPO", save_all=True, append_images=[second], quality=95)
    assert difference(read_image(path), scene()) < 15


def test_reduced_to_the_longest_side(tmp_path):
    large = np.kron(scene(), np.ones((50, 50, 1), np.uint8))  # 2400 × 1600
    for name in ("a.jpg", "a.png"):
        path = saved(tmp_path / name, large)
        small = read_image(path)
        assert small.shape == (683, 1024, 3)
        reference = Image.fromarray(scene()).resize((1024, 683), Image.Resampling.BOX)
        assert difference(small, np.asarray(reference)) < 6
        assert read_image(path, longest=30).shape == (20, 30, 3)
        assert read_image(path, longest=None).shape == (1600, 2400, 3)


def test_a_small_or_narrow_picture_keeps_its_size(tmp_path):
    assert read_image(saved(tmp_path / "a.png", scene(1, 1))).shape == (1, 1, 3)
    thin = np.zeros((3000, 2, 3), np.uint8)
    assert read_image(saved(tmp_path / "b.png", thin)).shape == (1024, 1, 3)


@pytest.mark.parametrize("longest", [0, -5])
def test_impossible_longest_side(tmp_path, longest):
    with pytest.raises(ValueError, match="at least 1 pixel"):
        read_image(saved(tmp_path / "a.png", scene()), longest=longest)


# What is refused, by name and with a reason


def test_missing_empty_and_folder(tmp_path):
    assert reason(tmp_path / "nothing.jpg") == "no such file"
    (tmp_path / "empty.jpg").touch()
    assert reason(tmp_path / "empty.jpg") == "empty (0 bytes)"
    assert reason(tmp_path) == "a folder, not a picture"


@pytest.mark.parametrize("keep", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.bmp", "a.gif"])
def test_truncated(tmp_path, name, keep):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    path = saved(tmp_path / name, noise)
    content = path.read_bytes()
    path.write_bytes(content[: int(keep * len(content))])
    assert "damaged" in reason(path)


def test_damaged_inside(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    path = saved(tmp_path / "a.png", noise)
    content = bytearray(path.read_bytes())
    content[2000:2100] = bytes(100)
    path.write_bytes(content)
    assert "damaged" in reason(path)


@pytest.mark.parametrize(
    ("held", "called", "better"),
    [
        ("PNG", "a.jpg", "a.png"),
        ("WEBP", "cat.jpeg", "cat.webp"),
        ("JPEG", "b.gif", ""),
    ],
)
def test_mislabelled(tmp_path, held, called, better):
    path = saved(tmp_path / called, scene(), format=held)
    assert f"holds a {held} picture" in reason(path)
    assert f"rename it to {better}" in reason(path)


@pytest.mark.parametrize(
    "content", [b"<!DOCTYPE html><html>404</html>", b"text", b"\x89PNG", bytes(5000)]
)
def test_no_picture_inside(tmp_path, content):
    for name in ("page.jpg", "page.png", "notes.txt"):
        (tmp_path / name).write_bytes(content)
        assert "no picture" in reason(tmp_path / name)


def test_formats_that_are_not_read_are_refused_kindly(tmp_path):
    assert "not JPEG, PNG, GIF" in reason(saved(tmp_path / "a.tiff", scene()))
    (tmp_path / "phone.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(500))
    assert reason(tmp_path / "phone.heic") == "a HEIC picture: save it as JPEG first"


def claims_size(path, width, height):
    """A small PNG whose header claims to be large."""
    png16(path, 1, np.zeros((4, 4)))
    content = bytearray(path.read_bytes())
    content[16:24] = struct.pack(">II", width, height)
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("width", "height"), [(10_001, 10_000), (12_000, 9_000), (30_000, 30_000)]
)
def test_over_a_hundred_megapixels_is_not_decoded(
    tmp_path, monkeypatch, recwarn, width, height
):
    def decode(self):
        raise AssertionError("decoded")

    from PIL import PngImagePlugin

    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", decode)
    path = claims_size(tmp_path / "large.png", width, height)
    assert reason(path).startswith("too large: ")
    assert "at most 100 million" in reason(path)
    assert not recwarn.list


def test_just_below_the_limit_is_tried(tmp_path):
    path = claims_size(tmp_path / "large.png", 10_000, 10_000)
    assert "damaged" in reason(path)  # it is: the pixels are missing


def test_not_readable(tmp_path, monkeypatch):
    path = saved(tmp_path / "a.png", scene())

    def denied(*rest, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", denied)  # root may read anything
    assert reason(path) == "not readable (Permission denied)"


# Many at once


def test_a_folder_goes_on_past_what_it_refuses(tmp_path):
    saved(tmp_path / "b.png", scene())
    saved(tmp_path / "a.jpg", scene())
    saved(tmp_path / "c.jpg", scene(), format="png")
    (tmp_path / "d.jpg").touch()
    (tmp_path / ".hidden").write_bytes(b"x")
    (tmp_path / "Thumbs.db").write_bytes(b"x")
    saved(tmp_path / "z.webp", scene())
    (tmp_path / "folder").mkdir()
    found = read_images(tmp_path)
    assert [path.name for path in found.paths] == ["a.jpg", "b.png", "z.webp"]
    assert [image.shape for image in found.images] == [(32, 48, 3)] * 3
    assert [path.name for path, _ in found.refused] == ["c.jpg", "d.jpg"]
    assert found.refused[0][1].startswith("holds a PNG picture")
    assert found.refused[1][1] == "empty (0 bytes)"
    assert repr(found) == "Pictures(3 read, 2 refused)"
    assert read_images(str(tmp_path)).paths == found.paths


def test_given_paths_in_the_given_order(tmp_path):
    paths = [saved(tmp_path / name, scene()) for name in ("z.png", "a.png")]
    found = read_images([*paths, tmp_path / "none.png", tmp_path])
    assert found.paths == paths
    assert [why for _, why in found.refused] == [
        "no such file",
        "a folder, not a picture",
    ]
    assert read_images(paths[0]).paths == paths[:1]
    assert read_images(iter(paths), longest=24).images[0].shape == (16, 24, 3)


def test_empty_and_missing_folder(tmp_path):
    assert read_images(tmp_path) == ([], [], [])
    with pytest.raises(ImageError, match="no such file or folder"):
        read_images(tmp_path / "nowhere")


def test_this_pillow_reads_webp():
    """Wheels do; a Pillow built from source may not, and then pictures are refused."""
    assert features.check("webp")
    assert Image.open(io.BytesIO(saved_bytes("webp"))).format == "WEBP"


def saved_bytes(kind):
    file = io.BytesIO()
    Image.fromarray(scene()).save(file, format=kind)
    return file.getvalue()
