"""The exercises of lecture 35."""

import numpy as np

from course_utils.exercises.core import Exercise, judge

__all__ = ["check_band", "check_before", "check_length", "check_past_mean"]


# --- exercise 1 ----------------------------------------------------------------------


def _fading(rng):
    """Curves of what is left, an interval, and the number of a dose."""
    plans = [(1, 2), (4, 3), (6, 5), (3, 12), (16, 2), (5, 9), (2, 20)]
    return [(np.sort(rng.random(60))[::-1], T, m) for T, m in plans]


def _left(b, T, ages):
    return sum(b[j * T] for j in ages)


check_before = Exercise(
    cases=_fading,
    right=lambda b, T, m: _left(b, T, range(1, m)),
    done=(
        "b(T) + b(2T) + … + b((m − 1)T): each dose at its own age.",
        "b(T) + b(2T) + … + b((m − 1)T)：每一次都按自己的年龄衰减。",
    ),
    mistakes=[
        (
            "that holds the new dose too; just before it, it is not in the blood.",
            "把新的一次也算进去了；注射之前它还不在血液里。",
            lambda b, T, m: _left(b, T, range(m)),
        ),
        (
            "one dose too many: how many came before dose number m?",
            "多算了一次：第 m 次之前一共注射过几次？",
            lambda b, T, m: _left(b, T, range(1, m + 1)),
        ),
        (
            "that is the latest dose alone. What of the earlier ones?",
            "这只是最近一次的剩余量，更早的那些呢？",
            lambda b, T, m: b[T],
        ),
        (
            "you count doses of the ages 1, 2, 3 …; how old are they in steps of time?",
            "你把各次的年龄算成了 1、2、3……；换成时间步应是多少？",
            lambda b, T, m: _left(b, 1, range(1, m)),
        ),
    ],
    otherwise=(
        "for {case} you say {found}. List the ages of the earlier doses, then add what "
        "is left of each.",
        "当 {case} 时，你算得 {found}。先列出以往各次的年龄，再把剩余量相加。",
    ),
)


# --- exercise 2 ----------------------------------------------------------------------


def _days(rng):
    sizes = [(1, 1), (6, 1), (7, 2), (9, 3), (12, 5), (20, 7), (15, 4)]
    return [(rng.normal(size=n), m) for n, m in sizes]


def _past(x, m, start=0):
    return np.convolve(x, np.ones(m) / m)[start : start + len(x)]


check_past_mean = Exercise(
    cases=_days,
    right=_past,
    done=(
        "the first entries of the full convolution look back only.",
        "完整卷积的前一段只看过去，不看未来。",
    ),
    mistakes=[
        (
            "the whole convolution: it goes on after the last day. Which part of it "
            "belongs to the days?",
            "这是完整的卷积，最后一天之后还有。哪一段才对应这些天？",
            lambda x, m: np.convolve(x, np.ones(m) / m),
        ),
        (
            'mode="same" is centred: half of the values lie in the future.',
            'mode="same" 是居中的：有一半的值来自未来。',
            lambda x, m: _past(x, m, (m - 1) // 2),
        ),
        (
            "that looks ahead: the day itself and those after it.",
            "这是向后看：当天以及以后的日子。",
            lambda x, m: _past(x, m, m - 1),
        ),
        (
            "that is the sum. By what must it be divided?",
            "这是求和；还应除以多少？",
            lambda x, m: m * _past(x, m),
        ),
    ],
    otherwise=(
        "not these means. What must the first day give, where all before it is zero?",
        "不是要求的平均。第一天以前都是零，第一天应当得到什么？",
    ),
)


# --- exercise 3 ----------------------------------------------------------------------


def _sizes(rng):
    sizes = [(5, 4), (4, 5), (1, 1), (7, 7), *rng.integers(1, 40, size=(4, 2))]
    modes = ("full", "same", "valid")
    return [(int(n), int(m), mode) for n, m in sizes for mode in modes]


def _length(n, m, mode, overlap=1, swaps=True):
    longer, shorter = (max(n, m), min(n, m)) if swaps else (n, m)
    full, valid = n + m - overlap, longer - shorter + overlap
    return {"full": full, "same": longer, "valid": valid}[mode]


check_length = Exercise(
    cases=_sizes,
    right=_length,
    done=(
        "n + m − 1, the longer one, and the difference plus 1.",
        "n + m − 1、较长者、两者之差加 1。",
    ),
    mistakes=[
        (
            "one off: two single numbers give one number.",
            "差了 1：两个单独的数卷积，得到一个数。",
            lambda n, m, mode: _length(n, m, mode, overlap=0),
        ),
        (
            "right where the first one is longer. And where it is shorter?",
            "第一个较长时是对的；它较短时呢？",
            lambda n, m, mode: _length(n, m, mode, swaps=False),
        ),
        (
            'that is "full" in all three modes.',
            '这是三种模式都按 "full" 算的。',
            lambda n, m, mode: n + m - 1,
        ),
    ],
    otherwise=(
        "for {case} you say {found}. Draw two strips of squares, and count the places.",
        "当 {case} 时，你算得 {found}。画两条方格，数一数有多少个位置。",
    ),
)


# --- exercise 4 ----------------------------------------------------------------------


def _second_day(plan, b):
    """Doses a day, and the level on the second day, by quarters of an hour."""
    dose, hours = (float(part) for part in plan)
    every = 4 * hours
    assert dose > 0
    assert every in range(1, 193)  # whole quarters of an hour, two days at most
    doses = np.where(np.arange(192) % round(every) == 0, dose, 0)
    return 24 / hours, np.convolve(doses, b)[96:192]


check_band = judge(
    (
        "in the band all day: small doses, often.",
        "整天都在范围内：剂量小，次数多。",
    ),
    (
        lambda found, b: found[0] <= 12,
        "more than twelve doses a day: a longer interval.",
        "一天超过 12 次了，间隔要长一些。",
    ),
    (
        lambda found, b: found[1].max() <= 1.2,
        "the peak is above 1.2. What does it depend on most, dose or interval?",
        "峰值超过 1.2。峰值主要取决于剂量，还是取决于间隔？",
    ),
    (
        lambda found, b: found[1].min() >= 0.2,
        "the level falls below 0.2 before the next dose. Which of the two helps, "
        "without a higher peak?",
        "下一次注射之前浓度低于 0.2。改哪一个，才不会把峰值也抬高？",
    ),
    see=(
        _second_day,
        "give a dose above 0 and hours, a multiple of ¼.",
        "请给出大于 0 的剂量，以及 ¼ 的倍数的小时数。",
    ),
)
