"""The weights of Inception-v3: found, fetched, and verified wherever they come from."""

from course_utils.download import DataError, Remote, fetch, keras_folder, why_unusable

__all__ = ["INCEPTION", "fetch_inception", "own_inception"]

#: The file, the address and the hash that `keras.applications.InceptionV3` has.
INCEPTION = Remote(
    name="inception_v3_weights_tf_dim_ordering_tf_kernels.h5",
    url="https://storage.googleapis.com/tensorflow/keras-applications/"
    "inception_v3/inception_v3_weights_tf_dim_ordering_tf_kernels.h5",
    sha256="",
    size=96_112_376,
    otherwise="work with the network that comes with the course: "
    "load_network('efficientnet_lite0')",
    md5="9a0d58056eeedaa3f26cb7ebd46da564",
)


def fetch_inception(quick=False):
    """Make sure that the weights of Inception-v3 are on this machine, and say where.

    Used from ``~/.keras/models`` if Keras has put them there.

    Parameters
    ----------
    quick : bool
        Whether to give up soon if a host does not answer.

    Returns
    -------
    pathlib.Path
        Of the verified file.

    Raises
    ------
    DataError
        If they cannot be had; the message lists what was tried.
    """
    return fetch(INCEPTION, [keras_folder() / "models" / INCEPTION.name], quick)


def own_inception(path):
    """The weights that were asked for by their path, verified.

    Parameters
    ----------
    path : pathlib.Path
        Of the file, or of a folder that holds it under the name that Keras gives it.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    DataError
        If the file is missing or not the right one.
    """
    path = path.expanduser().absolute()
    if path.is_dir():
        path = path / INCEPTION.name
    if trouble := why_unusable(path, INCEPTION.digest):
        raise DataError(
            f"{path}: {trouble}. Expected: the weights of Inception-v3 that Keras "
            f"publishes, {INCEPTION.size:,} bytes with MD5 {INCEPTION.digest}. Fix: "
            "name another file, or none (COURSE_INCEPTION_WEIGHTS too) and then run "
            "python -m course_tools fetch inception-v3"
        )
    return path
