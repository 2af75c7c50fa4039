"""The bundled tables: CSV files of packages, taken over byte for byte.

Two that are no CSV files with a header become such files; no value is changed.
"""

import csv
import io
import json

from sources import wheel_files

__all__ = ["TABLES", "build_table"]

STATSMODELS = (
    "statsmodels==0.15.0",
    "b67886b66d9c7ca118526accedb5c6de7ffd74c015dc0492ea0b1690192b65da",
)
#: A wheel that differs from system to system is named by the one that was taken.
SYSTEM = ("--platform=manylinux_2_28_x86_64", "--python-version=3.11")

#: Our file to the wheel, its SHA-256, the path in it and, where needed, the system.
TABLES = {
    "tables/penguins.csv": (
        "palmerpenguins==0.1.6",
        "5c3be9af84dd703a25f1aaeadeac6ac770cfd38c1620d00089f581c023129ee0",
        "palmerpenguins/data/penguins.csv",
    ),
    "tables/co2.csv": (
        *STATSMODELS,
        "statsmodels/datasets/co2/co2.csv",
        SYSTEM,
    ),
    "tables/engel.csv": (
        *STATSMODELS,
        "statsmodels/datasets/engel/engel.csv",
        SYSTEM,
    ),
    "tables/faithful.csv": (
        "plotnine==0.15.9",
        "36f4526235b3ddd9ea379dd677093ea2ee1b58ab98adec1bde891930283448cd",
        "plotnine/data/faithful.csv",
    ),
    "tables/wine.csv": (
        "scikit-learn==1.9.1",
        "52a0703bbc07ad27f560fa63fa68e4c54dd735bfbbf65b4dd3c225dc7547b6df",
        "sklearn/datasets/data/wine_data.csv",
        SYSTEM,
    ),
    "tables/barley.csv": (
        "vega_datasets==0.9.0",
        "3d7c63917be6ca9b154b565f4779a31fedce57b01b5b9d99d8a34a7608062a1d",
        "vega_datasets/_data/barley.json",
    ),
}

#: Names after scikit-learn's description of the table, whose file has none.
WINE = (
    "alcohol,malic_acid,ash,alcalinity_of_ash,magnesium,total_phenols,flavanoids,"
    "nonflavanoid_phenols,proanthocyanins,color_intensity,hue,od280_od315,proline,"
    "cultivar"
)


def build_table(name):
    """The content of a table's file."""
    requirement, sha256, path, *system = TABLES[name]
    (content,) = wheel_files(requirement, sha256, [path], *system)
    return AS_CSV.get(name, bytes)(content)


def wine_with_header(content):
    """The wines under the names of their columns, in place of a line of counts."""
    _, rows = content.split(b"\n", 1)
    return f"{WINE}\n".encode() + rows


def barley_from_json(content):
    """A list of objects as a table with a column for each of their names."""
    rows = json.loads(content)
    file = io.StringIO(newline="")
    table = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return file.getvalue().encode()


AS_CSV = {"tables/wine.csv": wine_with_header, "tables/barley.csv": barley_from_json}
