"""The exercises of lecture 36."""

import numpy as np

from course_utils.exercises.core import Exercise, judge

__all__ = ["check_length", "check_sampled", "check_season", "check_wave"]


# --- exercise 1 ----------------------------------------------------------------------


def _sampled(rng):
    """Frequencies and rates: below, at and above half the rate, and beyond it."""
    fixed = [(7, 10), (13, 10), (3, 10), (5, 10), (10, 10), (26, 10), (58, 24), (12, 9)]
    return fixed + [tuple(map(int, rng.integers((1, 8), (200, 60)))) for _ in range(8)]


check_sampled = Exercise(
    cases=_sampled,
    right=lambda f, rate: min(f % rate, -f % rate),
    done=(
        "f and its distance to every multiple of the rate look alike.",
        "f 和它到采样率各个整数倍的距离，取样后看上去都一样。",
    ),
    mistakes=[
        (
            "this wave is faster than half the rate; there is a slower one.",
            "这个波比采样率的一半还快，还有更慢的。",
            lambda f, rate: f,
        ),
        (
            "the remainder may still be above half the rate. Which cosine is the same "
            "as that of a negative frequency?",
            "余数仍可能大于采样率的一半。负频率的余弦与哪个频率的余弦相同？",
            lambda f, rate: f % rate,
        ),
        (
            "right between one and one and a half times the rate. Try 26 Hz at 10.",
            "频率离采样率不远时才对。试试 26 赫兹、每秒 10 个样本。",
            lambda f, rate: abs(rate - f),
        ),
        (
            "the frequency is not cut off at half the rate: draw the samples of 7 Hz.",
            "频率并不会停在采样率的一半：把 7 赫兹的样本画出来看看。",
            lambda f, rate: min(f, rate / 2),
        ),
    ],
    otherwise=(
        "for {case} you say {found}. The spectrum of samples repeats with the rate; "
        "which of the copies lies nearest to 0, on either side?",
        "当 {case} 时，你算得 {found}。样本的频谱以采样率为周期重复：哪一个离 0 "
        "最近（两侧都算）？",
    ),
)


# --- exercise 2 ----------------------------------------------------------------------


def _waves(rng):
    """Values of one wave each, and its number of periods."""
    found = []
    for N in (8, 16, 30, 64, 101, 7, 12, 256):
        k, angle = int(rng.integers(1, (N - 1) // 2 + 1)), rng.uniform(-3, 3)
        turn = 2 * np.pi * k * np.arange(N) / N
        found.append((rng.uniform(0.5, 9) * np.sin(turn + angle), k))
    return found


def _wave(y, k, share=2, turn=1j, sign=1):
    F = turn * np.fft.fft(y)[k]
    return share * np.abs(F) / len(y), sign * np.angle(F)


def _same_wave(found, wanted):
    """Equal amplitudes, and angles that are equal up to whole turns."""
    (size, angle), (right_size, right_angle) = found, wanted
    turned = np.exp(1j * (angle - right_angle))
    return np.allclose([size, turned], [right_size, 1])


check_wave = Exercise(
    cases=_waves,
    right=_wave,
    same=_same_wave,
    done=(
        "2/N for the amplitude, a quarter turn for the sine.",
        "幅值乘以 2/N，相位补上正弦与余弦相差的四分之一圈。",
    ),
    mistakes=[
        (
            "the phase is right. A real wave has two peaks in the spectrum; you took "
            "one of them.",
            "相位对了。实数的波在频谱里有两个峰，你只算了一个。",
            lambda y, k: _wave(y, k, share=1),
        ),
        (
            "the amplitude is right; that is the phase of a cosine.",
            "幅值对了；这是余弦的相位。",
            lambda y, k: _wave(y, k, turn=1),
        ),
        (
            "the amplitude is right; the phase runs the wrong way.",
            "幅值对了；相位的方向反了。",
            lambda y, k: _wave(y, k, sign=-1),
        ),
        (
            "the transform is a sum over N values. What has that to do with the "
            "amplitude? And where does a sine with θ = 0 point?",
            "变换是 N 个值的和，它与幅值差多少倍？θ = 0 的正弦，变换指向哪个方向？",
            lambda y, k: _wave(y, k, share=len(y), turn=1),
        ),
    ],
    otherwise=(
        "not this wave. Try y = sin(2πn/8), n = 0 … 7: what should come out, and what "
        "is np.fft.fft(y)[1]?",
        "不是这个波。试试 y = sin(2πn/8)，n = 0…7：应当得到什么，"
        "np.fft.fft(y)[1] 又是多少？",
    ),
)


# --- exercise 3 ----------------------------------------------------------------------

check_length = Exercise(
    cases=lambda rng: [
        (int(n), int(m))
        for n, m in [(5, 4), (24, 24), (1, 7), (100, 3), *rng.integers(2, 90, (4, 2))]
    ],
    right=lambda n, m: n + m - 1,
    done=(
        "as long as the convolution itself.",
        "与卷积的结果一样长。",
    ),
    mistakes=[
        (
            "that is long enough to hold both, but not what comes out.",
            "这样能放下两个序列，却放不下卷积的结果。",
            max,
        ),
        (
            "long enough, but not the smallest: at which index does the last product "
            "a(n − 1)·b(m − 1) stand?",
            "够长了，但不是最短：最后一个乘积 a(n−1)·b(m−1) 落在第几个位置？",
            lambda n, m: n + m,
        ),
        (
            "that counts the products. How many sums are there?",
            "这是乘积的个数。一共有几个和？",
            lambda n, m: n * m,
        ),
    ],
    otherwise=(
        "for {case} you say {found}. Write down the indices i + j that occur, from the "
        "first to the last.",
        "当 {case} 时，你算得 {found}。把出现的下标 i + j 从头到尾写出来数一数。",
    ),
)


# --- exercise 4 ----------------------------------------------------------------------


def _error(answer, t, swing):
    """Root mean square error on the weeks since 1985, in ppm."""
    late = t >= 1985
    found = np.asarray(answer(t[late]), dtype=float)
    assert found.shape == swing[late].shape, "not one number for each time"
    error = float(np.sqrt(np.mean((swing[late] - found) ** 2)))
    assert np.isfinite(error), "not all of them are finite"
    return error


check_season = judge(
    (
        "the error since 1985 is {found:.3f} ppm: the seasons' own swing grows.",
        "1985 年以后的误差是 {found:.3f} ppm：季节的摆动本身在变大。",
    ),
    (
        lambda error, t, swing: error < 1.5,
        "the error since 1985 is {found:.2f} ppm, nearly as if nothing were predicted. "
        "Is the time in years, and the wave the one of a year?",
        "1985 年以后的误差是 {found:.2f} ppm，和不预测差不多。时间的单位是年吗？"
        "用的是一年一次的波吗？",
    ),
    (
        lambda error, t, swing: error < 0.6,
        "the error since 1985 is {found:.2f} ppm. Which peaks has the spectrum beside "
        "the first?",
        "1985 年以后的误差是 {found:.2f} ppm。频谱里除了第一个峰，还有哪些？",
    ),
    (
        lambda error, t, swing: error < 0.43,
        "the error since 1985 is {found:.3f} ppm. Compare the sixties with the "
        "eighties: what is constant in your model, and not in the air?",
        "1985 年以后的误差是 {found:.3f} ppm。比较六十年代和八十年代：模型里有什么"
        "是不变的，而实际在变？",
    ),
    see=(
        _error,
        "my_swing takes an array of times and gives one number for each.",
        "my_swing 的输入是一组时间，输出应当是同样多的数。",
    ),
)
