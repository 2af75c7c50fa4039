"""Answers of lecture 37 that its tables do not hold."""

import numpy as np

from course_utils.exercises.lecture_37 import check_mask, check_restore, check_shift

N = 40
ROWS, COLUMNS = np.mgrid[:N, :N]
PICTURE = 128 + 60 * np.sin(COLUMNS / 4) * np.cos(ROWS / 5) + 40 * (COLUMNS > 17)
STREAK = np.zeros((N, N))
STREAK[0, :9] = 1 / 9
H = np.fft.fft2(STREAK)
NOISE = np.random.default_rng(0).normal(0, 0.3, (N, N))
BLURRED = np.fft.ifft2(H * np.fft.fft2(PICTURE)).real + NOISE


def cut_off(limit):
    """Divide only where |H| is above a limit."""

    def answer(blurred, H):
        share = np.where(np.abs(H) > limit, 1 / H, 0)
        return np.fft.ifft2(np.fft.fft2(blurred) * share).real

    return answer


def halfway(blurred, H):
    return (blurred + cut_off(0.05)(blurred, H)) / 2


def by_stripes(n, period):
    """The mask from the transform of the stripes themselves."""
    stripes = np.cos(2 * np.pi * np.arange(n) / period) + np.zeros((n, 1))
    return np.abs(np.fft.fft2(stripes)) < 1


def by_phase(picture, down, right):
    u, v = (np.fft.fftfreq(side) for side in picture.shape)
    turn = np.exp(-2j * np.pi * (down * u[:, None] + right * v))
    return np.fft.ifft2(np.fft.fft2(picture) * turn).real


def rows():
    """(hint, check, answer, …) for each answer."""
    yield "", check_mask, by_stripes
    yield "otherwise", check_mask, lambda n, period: np.ones((n, n))
    yield "", check_shift, by_phase
    yield "otherwise", check_shift, lambda picture, down, right: picture
    given = BLURRED, H, PICTURE
    yield "", check_restore, cut_off(0.05), *given
    yield "condition 1", check_restore, lambda blurred, H: blurred, *given
    yield "condition 2", check_restore, lambda blurred, H: 2 * blurred, *given
    yield "condition 3", check_restore, halfway, *given
    for junk in (None, 3, lambda blurred, H: 1.0, lambda blurred, H: blurred * np.nan):
        yield "see", check_restore, junk, *given
    yield "see", check_restore, lambda blurred, H: blurred * 1j, *given
