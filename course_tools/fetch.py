"""Full-size data and weights, downloaded once: ``python -m course_tools fetch``."""

from course_tools import flowers
from course_tools.places import UserError
from course_utils import data, vision
from course_utils.download import DataError

__all__ = ["command"]


def command(options):
    """Make sure that data or weights are on this machine, and print where.

    Parameters
    ----------
    options : argparse.Namespace
        ``what``: digits, flowers or inception-v3.

    Returns
    -------
    int
        Exit status.

    Raises
    ------
    UserError
        If it cannot be had; the message lists what was tried.
    """
    fetches = {
        "digits": data.fetch_digits,
        "flowers": flowers.fetch_flowers,
        "inception-v3": vision.fetch_inception,
    }
    try:
        print(fetches[options.what]())
    except DataError as error:
        raise UserError(error) from None
    return 0
