"""The labelled pictures: cut-out photographs of Debian's tuxpaint-stamps-default.

Which of them, in which class and part, and whom their own documents name, is decided
here; the pictures are cut to the object, put on a white square and reduced.
"""

import csv
import hashlib
import io
import tempfile
from pathlib import Path

from sources import debian_folder

__all__ = ["build_objects"]

PACKAGE = (
    "tuxpaint-stamps-default=2022.06.04-1",
    "6db6c1bfc870a47f1499d6203b083522eacb57c5f9c87d468f2e92eb6d9d5f34",
)
STAMPS = Path("usr/share/tuxpaint/stamps")
SIDE = 160  # pixels
QUALITY = 85
TEST_SHARE = 0.3

#: Class to the package's folders.
CLASSES = {
    "birds": ("animals/birds",),
    "food": ("food/fruit", "food/vegetables", "food/nuts", "food/spices"),
    "household": ("household",),
    "mammals": ("animals/mammals",),
    "plants": ("plants",),
    "vehicles": ("vehicles", "military/vehicles", "space"),
}
#: Folders within them whose pictures are drawn, toys, or not of the class.
FOLDERS_LEFT_OUT = {"cartoon", "toys", "plastic", "mushrooms", "moon", "planets"}
LEFT_OUT = {
    "drawn": "echidna hedgehog trainSign glass highlighter sedan_police",
    "not of its class": "7spoke256 wheel_tractor cementmixer rambutan spacewalk",
    "from a site without a free licence": "grapes sliced_lime sliced_orange pineapple",
}
#: The same subject, or hard to tell apart: on the same side of the split.
ALIKE = (
    "gnu-baby gnu-baby-stand gnu-sitting gnu-stand",
    "pig_golden pig_golden2",
    "heron_greatblue heron_greatblue_flying",
    "scissors_small_closed scissors_small_open",
    "garlic garlics",
    "orange mandarine",
    "lettuce redlettuce",
    "mango apple_red apple_green pomegranate",
    "chemparathi flower10",
    "flower1 flower4",
    "flower8 flower9",
)
#: Whom the package's changelog names; "" is everything else.
CREDITS = {
    "": "Tux Paint contributors",
    "Bill Kendrick, San Francisco Zoo": "albino_peahen crowned_crane magellanic_penguin"
    " ostrich peacock pink_flamingo rhino_black capybara tamarin_emperor"
    " indian_blackbuck tiger_sumatran",
    "Bill Kendrick, or Childsplay (GPL)": "giraffe zebra",
    "Childsplay (GPL), 2002-2005 Stas Zytkiewicz; Pere Pujal i Carabantes": "badger"
    " bear beaver bison blackbird bull camel caribou chimp cow crow cuckoo deer doe dog"
    " dolphin donkey dromedary duck elephant ferret fox gander goat gorilla hen"
    " hippopotamus horse lark lion marmot mountaingoat mouse nandou orca owl penguin"
    " pig pigeon quetzal rabbit ram rat rooster sea_lion seagull squirrel tiger tucan"
    " turkey vulture wapiti whale wildboar yak zebu",
    "Pere Pujal i Carabantes (GPL-2.0-or-later)": "dumper gnu-baby gnu-baby-stand"
    " gnu-sitting gnu-stand european-bear birch thyme holm_oak rabbit-2",
    "Caroline Ford": "garbagetruck daffodil spade cylinder kettle wheelie_bin mug"
    " beetle pink_tricycle holly_leaves home_compost_bin",
    "Caroline Ford, Mudchute Park and Farm": "drake cow_white donkey_eating sheep"
    " sheep_lamb rabbit_little pig_golden pig_golden2 chicken_profile",
    "VHSS Irimpanam school, Kerala; Vimal Joseph (CC BY-SA 3.0)": "adeenia anthoorium"
    " appooppanthady bolsom chemparathi",
    "Erinn Lynch (CC BY-SA 2.5)": "pelican heron_greatblue heron_greatblue_flying",
    "Paul Venter, Wikipedia (GFDL)": "helmeted_guineafowl",
    "Aaron M. Lang, Wikipedia (CC BY 2.5)": "firetruck",
    "KMJ and Edokter, Wikipedia (GFDL)": "Lightbulb",
    "Benjamint444, Wikipedia (GFDL)": "Apricot_whole Cherry_Stella Strawberry2",
    "Wikipedia; Caroline Ford": "apricot",
    "U.S. Air Force photo, TSgt Ben Bloker; Steve Karg": "f22_raptor",
    "Steve Karg": "broccoli corn",
    "Albert Cahalan": "tree336 liberia-palm balloon360 bradley infantry-stryker indycar"
    " toilet 747",
    "Jim Trice": "chineseJunk walnutBoat",
    "Chris Goerner, Australian stamps collection": "mandarine lemon yellow-flower"
    " pigface adelaide-rosella dingo little-penguin magpie rainbow-lorikeet"
    " silver-gull",
    "Akkana Peck": " ".join(f"flower{number}" for number in range(1, 11)),
    "Jen and Ed Collins": "mango pear pomegranate strawberry pepper_grinder nutcracker"
    " hammer plyers saw wrench wrench_plumbers wrench_adjustable paintbrush_large"
    " measuring_tape mallet_metal toolbox pitcher_small",
    "Coco Ranch Farmers Market": "apple_fuji apple_granny_smith apple_sierra_beauty"
    " pattypan_squash chilepepper garlics pumpkin_small redlettuce yellowpepper"
    " garbagecan teapot",
}


def build_objects():
    """objects/: the index, and the pictures that it lists."""
    with tempfile.TemporaryDirectory() as folder:
        debian_folder(*PACKAGE, folder)
        stamps = Path(folder, STAMPS)
        chosen = {label: choose(stamps, *paths) for label, paths in CLASSES.items()}
        files, rows = {}, []
        for label, stamp_files in chosen.items():
            tested = tested_names([path.stem for path in stamp_files])
            for path in stamp_files:
                name = f"{label}/{path.stem.lower().replace('-', '_')}.jpg"
                content = files[f"objects/{name}"] = on_white(path)
                rows.append(
                    {
                        "file": name,
                        "class": label,
                        "part": "test" if path.stem in tested else "train",
                        "alike": alike(path.stem),
                        "shows": shows(path),
                        "credit": credit(path.stem),
                        "source": path.relative_to(stamps).as_posix(),
                        "bytes": len(content),
                        "sha256": hashlib.sha256(content).hexdigest(),
                    }
                )
    text = io.StringIO()
    table = csv.DictWriter(text, rows[0], lineterminator="\n")
    table.writeheader()
    table.writerows(sorted(rows, key=lambda row: row["file"]))
    return {"objects/index.csv": text.getvalue().encode("utf-8"), **files}


def choose(stamps, *folders):
    """The pictures of a class: photographs, none a mirror image of another."""
    left_out = {name for names in LEFT_OUT.values() for name in names.split()}
    return [
        path
        for folder in folders
        for path in sorted((stamps / folder).rglob("*.png"))
        if not path.stem.endswith("_mirror")
        and not FOLDERS_LEFT_OUT & set(path.parts)
        and path.stem not in left_out
    ]


def alike(name):
    """The group of pictures that stay together; a picture's own name if it has none."""
    return next((group.split()[0] for group in ALIKE if name in group.split()), name)


def tested_names(names):
    """The test part of a class: groups in the order of their hash, while they fit."""
    groups = {}
    for name in names:
        groups.setdefault(alike(name), []).append(name)
    room = round(TEST_SHARE * len(names))
    tested = set()
    for group in sorted(groups, key=lambda g: hashlib.sha256(g.encode()).digest()):
        if len(groups[group]) <= room - len(tested):
            tested.update(groups[group])
    return tested


def on_white(path):
    """A stamp as JPEG: cut to the object, on a white square of 160 pixels."""
    from PIL import Image

    stamp = Image.open(path).convert("RGBA")
    stamp = stamp.crop(stamp.getchannel("A").getbbox())
    edge = round(1.06 * max(stamp.size))
    square = Image.new("RGBA", (edge, edge), "white")
    square.alpha_composite(
        stamp, ((edge - stamp.width) // 2, (edge - stamp.height) // 2)
    )
    small = square.convert("RGB").resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    small.save(file, format="jpeg", quality=QUALITY, optimize=True)
    return file.getvalue()


def shows(path):
    """What the package says that a picture shows, in English."""
    text = path.with_suffix(".txt")
    lines = text.read_text(encoding="utf-8").splitlines() if text.exists() else []
    return lines[0].strip() if lines else ""


def credit(name):
    """Whom to thank for a picture."""
    for who, names in CREDITS.items():
        if who and name in names.split():
            return who
    return CREDITS[""]
