"""Checks and hints for the exercises of lecture 13.

Each function looks at what the reader's answer *does*, prints one line that begins
with "✓" or with "Not yet:", and returns nothing. It never raises for a wrong answer.
"""

import numpy as np

from course_utils.exercises.answers import call, done, not_yet

__all__ = ["check_ask_twice", "check_input", "check_silence"]

#: Share of either kind of picture that exercise 3 asks for.
SHARE = 0.75


# --- exercise 1 ----------------------------------------------------------------------


def check_input(scale):
    """Exercise 1: pixels from 0 to 255 become floats from -1 to 1.

    Parameters
    ----------
    scale : callable (uint8 array) → float array of the same shape
    """
    pixels = np.random.default_rng(0).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    pixels[0, 0], pixels[0, 1] = 0, 255
    found, problem = call(scale, pixels)
    if problem:
        return not_yet(problem)
    if found.shape != pixels.shape:
        return not_yet(
            f"pixels of shape {pixels.shape} come back as {found.shape}; every pixel "
            "must stay where it is."
        )
    v = pixels.astype(float)
    if np.allclose(found, v / 127.5 - 1, atol=1e-5):
        return done("0 becomes -1 and 255 becomes 1, as Inception-v3 wants it.")
    for mistake, hint in (
        (v, "the pixels come back as they were."),
        (v / 255, "black is 0 and white is 1: only half of the range from -1 to 1."),
        (v / 127.5, "white is 2: the range is right in width, and must be shifted."),
        (
            v / 255 - 0.5,
            "the middle is right, the range is half as wide as it must be.",
        ),
        (v / 255 - 1, "black is -1, but white is 0: divide by less."),
        (
            (v - 127) / 128,
            "that is the bundled network's scaling. Inception's white is exactly 1.",
        ),
        (1 - v / 127.5, "black and white are exchanged: you made a negative."),
        (v[..., ::-1] / 127.5 - 1, "the scaling is right, red and blue are exchanged."),
    ):
        if np.allclose(found, mistake, atol=1e-5):
            return not_yet(hint)
    if np.allclose(found, np.rint(found)):
        return not_yet(
            "there are only whole numbers left. uint8 cannot hold -0.5: compute with "
            "floats, and return floats."
        )
    ends = ", ".join(f"{value:.4g}" for value in (found[0, 0, 0], found[0, 1, 0]))
    return not_yet(f"0 and 255 become {ends}; they must become -1 and 1.")


# --- exercise 2 ----------------------------------------------------------------------


def _ask(images):
    """Five made-up probabilities for each image, which depend on where things are."""
    rows = []
    for image in images:
        image = np.asarray(image)
        if image.dtype != np.uint8 or image.shape != (6, 8, 3):
            raise ValueError(
                f"an image is {image.dtype} of shape {image.shape}: expected uint8 of "
                "shape (6, 8, 3)"
            )
        weights = np.random.default_rng(1).normal(size=(image.size, 5))
        scores = image.ravel() / 255 @ weights / 3
        rows.append(np.exp(scores) / np.exp(scores).sum())
    return np.array(rows)


def check_ask_twice(answer):
    """Exercise 2: the mean answer for a picture and its mirror image.

    Parameters
    ----------
    answer : callable (ask, image) → probabilities (classes,)
        ``ask`` takes a list of uint8 images and returns probabilities (n, classes).
    """
    image = np.random.default_rng(2).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    found, problem = call(answer, _ask, image)
    if problem:
        return not_yet(problem)
    mirror, upside, turned = image[:, ::-1], image[::-1], image[::-1, ::-1]
    blend = ((image.astype(int) + mirror) // 2).astype(np.uint8)
    one, two = _ask([image, mirror])
    if found.shape != one.shape:
        hint = " Take the mean over the pictures, axis 0." if found.size else ""
        return not_yet(
            f"your answer has the shape {found.shape}; it must be one row, (classes,), "
            f"here {one.shape}.{hint}"
        )
    if np.allclose(found, (one + two) / 2):
        return done("one picture, asked twice, and the mean of both answers.")
    root = np.sqrt(one * two)
    for mistake, hint in (
        (
            one,
            "that is the answer for the picture alone. Ask about its mirror image too.",
        ),
        (two, "that is the answer for the mirror image alone."),
        (one + two, "the sum of both answers: probabilities that add up to 2."),
        (np.maximum(one, two), "the larger of the two does not add up to 1."),
        (root, "a geometric mean does not add up to 1; here the plain mean is asked."),
        (
            (one + _ask([upside])[0]) / 2,
            "the picture stands on its head: the first axis counts rows. Exchange left "
            "and right, the second axis.",
        ),
        (
            (one + _ask([turned])[0]) / 2,
            "the picture is turned by half: only left and right should be exchanged.",
        ),
        (
            (one + _ask([image[..., ::-1]])[0]) / 2,
            "the last axis holds the colours: red and blue change places, not sides.",
        ),
        (
            _ask([blend])[0],
            "you blend the pictures; ask about each, blend the answers.",
        ),
    ):
        if np.allclose(found, mistake):
            return not_yet(hint)
    return not_yet(
        "it is not the mean of the two answers. A mirror image is image[:, ::-1]; ask "
        "takes a list of both."
    )


# --- exercise 3 ----------------------------------------------------------------------


def check_silence(rule, known, unknown):
    """Exercise 3: answer what can be named, be silent on the rest.

    The hints name no shares: they depend on the network.

    Parameters
    ----------
    rule : callable (probabilities (n, 1000)) → bool (n,)
    known, unknown : numpy.ndarray, shapes (n, 1000) and (m, 1000)
        Probabilities for pictures that should be answered, and for those that not.
    """
    both = np.concatenate([known, unknown])
    found, problem = call(rule, both)
    if problem:
        return not_yet(problem)
    if found.shape != (len(both),):
        return not_yet(
            f"for {len(both)} pictures your rule returns the shape {found.shape}; it "
            "must return True or False for each picture."
        )
    if not np.isin(found, (0, 1)).all():
        return not_yet("your rule must return True or False; compare with a threshold.")
    swapped, problem = call(rule, both[::-1])
    one_by_one, problem_alone = call(rule, both[:1])
    if problem or problem_alone:
        return not_yet(problem or problem_alone)
    if not np.array_equal(swapped[::-1], found) or one_by_one != found[:1]:
        return not_yet(
            "the decision on a picture must depend on its own row of probabilities, "
            "not on its place or on the other pictures."
        )
    answered, silent = found[: len(known)].mean(), 1 - found[len(known) :].mean()
    if found.all() or not found.any():
        always = "answers" if found.all() else "is silent"
        return not_yet(f"your rule {always} always; it must tell pictures apart.")
    if answered >= SHARE and silent >= SHARE:
        return done("it answers at least 75 % of what it can, and silences the rest.")
    if answered < SHARE and silent < SHARE:
        return not_yet(
            "your rule misses both shares. Is it the wrong way round? True: answer."
        )
    if answered < SHARE:
        return not_yet(
            "your rule is silent on too many pictures that have a name. A lower "
            "threshold lets more through; if then plants come through too, look at "
            "more than the best class: relatives share the probability."
        )
    return not_yet(
        "your rule answers on too many plants. A higher threshold helps; if it then "
        "silences the others, look at more than the best class."
    )
