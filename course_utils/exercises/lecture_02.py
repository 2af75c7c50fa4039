"""The exercises of lecture 02."""

import numpy as np

from course_utils.exercises.core import Exercise, judge

__all__ = [
    "check_augmentation",
    "check_degree_choice",
    "check_dropout_spread",
    "check_min_delta",
]


# --- exercise 1 ----------------------------------------------------------------------


def _curves(rng):
    """Steps of 1/64, so that an improvement is often exactly min_delta or nothing."""
    drawn = [
        (32 + np.cumsum(rng.integers(-2, 4, rng.integers(5, 12))), *pair)
        for pair in zip(rng.integers(1, 5, 20), rng.integers(0, 4, 20), strict=True)
    ]
    edges = [
        (np.array([32, 36, 40]), 10, 1),  # runs to the end
        (np.array([32, 33, 34, 35, 36, 37, 38]), 3, 2),  # small steps add up
        (np.array([58, 32, 38, 44, 48, 51]), 5, 1),  # catches up, but not enough
    ]
    return [
        ((curve / 64).tolist(), int(patience), int(delta) / 64)
        for curve, patience, delta in (*edges, *drawn)
    ]


def _stop(accuracies, patience, bar):
    """(epochs run, best epoch), from 1, if a new best must exceed bar(best, last)."""
    best = epoch = 0
    for epoch in range(1, len(accuracies)):
        if accuracies[epoch] > bar(accuracies[best], accuracies[epoch - 1]):
            best = epoch
        if epoch - best == patience:
            break
    return epoch + 1, best + 1


def _early_stopping(val_accuracy, patience, min_delta):
    return _stop(val_accuracy, patience, lambda best, last: best + min_delta)


check_min_delta = Exercise(
    cases=_curves,
    right=_early_stopping,
    done=(
        "only a clear improvement counts, and many small ones add up.",
        "只有明显的提高才算数；许多小的提高加起来，也算一次。",
    ),
    mistakes=[
        (
            "min_delta makes no difference yet: an epoch that is better by a hair "
            "still counts as a new best.",
            "min_delta 还没有起作用：只高出一点点，也被当成了新的最好成绩。",
            lambda a, patience, d: _stop(a, patience, lambda best, last: best),
        ),
        (
            "an improvement of exactly min_delta counts as a new best; it must be "
            "more.",
            "恰好高出 min_delta，也被当成了新的最好成绩；要超过它才算。",
            lambda a, patience, d: _stop(a, patience, lambda best, _: best + d - 1e-9),
        ),
        (
            "the sign of min_delta is wrong: an epoch that is a little worse now "
            "counts as a new best.",
            "min_delta 的符号反了：稍差一点的 epoch，反倒成了新的最好成绩。",
            lambda a, patience, d: _stop(a, patience, lambda best, last: best - d),
        ),
        (
            "compare with the best so far, not with the epoch before: many small "
            "improvements together are a large one.",
            "应当与目前最好的成绩比，而不是与前一个 epoch 比：许多小的提高加起来，就是"
            "一次大的提高。",
            lambda a, patience, d: _stop(a, patience, lambda best, last: last + d),
        ),
    ],
    otherwise=(
        "for {case} your rule says {found}. Go through it epoch by epoch: which is the "
        "best so far, and how many epochs in a row since then? When these are as many "
        "as patience, stop. Count epochs from 1, and return first those run.",
        "当 {case} 时，你的规则给出 {found}。逐个 epoch 走一遍：目前最好的是哪个？此后"
        "已经过了几个 epoch？等于 patience 就停。epoch 从 1 数起，先返回运行的个数。",
    ),
)


# --- exercise 2 ----------------------------------------------------------------------


def _layers(rng):
    """(h, w, p): activations, weights into one unit, keep-probability."""
    return [
        (rng.uniform(0.1, 2.0, n), rng.normal(size=n), p)
        for p in (0.9, 0.7, 0.5, 0.2)
        for n in (1, 5, 40)
    ]


check_dropout_spread = Exercise(
    cases=_layers,
    right=lambda h, w, p: np.sqrt((1 - p) / p * np.sum((w * h) ** 2)),
    done=(
        "the variances (1 − p)/p · (w·h)² add up: the smaller p, the larger the noise.",
        "各项的方差 (1 − p)/p · (w·h)² 相加：p 越小，噪声越大。",
    ),
    mistakes=[
        (
            "that is the noise of the masks alone. What is kept is divided by p, and "
            "so is its standard deviation.",
            "这只是掩码本身的波动。保留下来的还要除以 p，标准差也要除以 p。",
            lambda h, w, p: np.sqrt(p * (1 - p) * np.sum((w * h) ** 2)),
        ),
        (
            "that is the variance; the standard deviation is its root.",
            "这是方差；标准差要再开平方。",
            lambda h, w, p: (1 - p) / p * np.sum((w * h) ** 2),
        ),
        (
            "you added w·h first and squared then, as if one mask switched all units "
            "together. Each unit has its own mask: then variances add.",
            "你先把 w·h 相加再平方，相当于所有神经元共用一个掩码。每个神经元有自己的掩"
            "码，应当把方差相加。",
            lambda h, w, p: np.sqrt((1 - p) / p) * np.abs(np.sum(w * h)),
        ),
        (
            "the mean does not change, but single masks differ. How far does m/p lie "
            "from 1 when m is 1, and when it is 0?",
            "均值不变，但每个掩码不同。m 取 1 和取 0 时，m/p 各与 1 相差多少？",
            lambda h, w, p: 0.0,
        ),
    ],
    otherwise=(
        "first find the variance of m/p for one unit, from its two values and their "
        "probabilities. Each unit contributes its w·h, squared.",
        "先由 m/p 的两个取值和它们的概率，求出一个神经元的方差；每个神经元再乘以自己的 "
        "w·h 的平方。",
    ),
)


# --- exercise 3 ----------------------------------------------------------------------

DEGREES, NOISE = tuple(range(13)), 0.2
CURVES = (
    lambda x: 1.2 * x - 0.3,
    lambda x: 2 * x**2 - 1,
    lambda x: np.sin(np.pi * x),
    lambda x: np.sin(2 * np.pi * x + 0.4),
)


def _choose(function):
    """The degrees chosen for four curves; the largest ratio of error to least error."""
    # With this seed any sound split finds good degrees, and judging on examples that
    # took part in the fit does not; so few examples cannot tell them apart every time.
    rng = np.random.default_rng(23)
    chosen, ratios = [], []
    for curve in CURVES:
        x = rng.uniform(-1, 1, 40)
        t = curve(x) + NOISE * rng.normal(size=x.size)
        errors = [_expected_error(x, t, degree, curve) for degree in DEGREES]
        degree = np.asarray(function(x, t, list(DEGREES))).item()
        if degree not in DEGREES:
            raise ValueError(f"{degree!r} is none of them")
        chosen.append(int(degree))
        ratios.append(errors[chosen[-1]] / min(errors))
    return {"chosen": chosen, "ratio": max(ratios)}


def _expected_error(x, t, degree, curve):
    """Root mean square error on new examples, noise included, exactly."""
    grid = np.linspace(-1, 1, 1001)
    weights = np.linalg.lstsq(np.vander(x, degree + 1), t)[0]
    return np.sqrt(np.mean((np.polyval(weights, grid) - curve(grid)) ** 2) + NOISE**2)


check_degree_choice = judge(
    (
        "close to the best degree for each of four curves, without a test set.",
        "四条曲线，选出的次数都接近最好，而且没有用测试集。",
    ),
    (
        lambda found: set(found["chosen"]) != {DEGREES[-1]},
        "you take the highest degree every time, as the training error always does. "
        "Keep some of the examples out of the fit and judge on those.",
        "你每次都选最高的次数：训练误差总是这样选。留出一部分样本不参与拟合，用它们来"
        "评判。",
    ),
    (
        lambda found: len(set(found["chosen"])) > 1,
        "you take degree {found[chosen][0]} whatever the examples are. A straight line "
        "and a wave need different ones: let held-out examples decide.",
        "不管样本是什么，你都选 {found[chosen][0]} 次。直线和波浪需要的次数不同：让留"
        "出的样本来决定。",
    ),
    (
        lambda found: found["ratio"] <= 1.4,
        "for four curves you take the degrees {found[chosen]}; with one of them the "
        "error on new examples is {found[ratio]:.1f} times what it could be. Are the "
        "examples you judge on kept out of the fit, and are they enough?",
        "对四条曲线你选的次数是 {found[chosen]}；其中一条在新样本上的误差，是本来能达"
        "到的 {found[ratio]:.1f} 倍。评判用的样本没有参与拟合吗？个数够吗？",
    ),
    see=(
        _choose,
        "my_choice must be a function of x, t and degrees, and return one of these "
        "degrees.",
        "my_choice 应当是 x、t、degrees 的函数，并返回其中一个次数。",
    ),
)


# --- exercise 4 ----------------------------------------------------------------------

#: The seven other ways to lay images, shape (n, 28, 28, 1), on their side or face.
TURNS = (
    lambda images: images[:, :, ::-1],
    lambda images: images[:, ::-1],
    lambda images: images[:, ::-1, ::-1],
    lambda images: np.rot90(images, 1, (1, 2)),
    lambda images: np.rot90(images, 3, (1, 2)),
    lambda images: images.swapaxes(1, 2),
    lambda images: images.swapaxes(1, 2)[:, ::-1, ::-1],
)


def _augment(augment, images, labels):
    """Digits that change when mirrored or turned, and what becomes of them."""
    x = np.asarray(images, np.float32)[np.isin(labels, (4, 6, 7, 9))][:200, ..., None]
    changed, still = (np.array(augment(x.copy(), training=t)) for t in (True, False))
    return {"x": x, "changed": changed, "still": still}


def _turned(found):
    """Share of digits that are more like a turned digit than like themselves."""
    x, changed = found["x"], found["changed"]
    likeness = np.max([_likeness(turn(x), changed) for turn in TURNS], axis=0)
    return np.mean(likeness > _likeness(x, changed) + 0.05)


def _moved(found):
    """Largest change of a pixel in each digit."""
    return np.abs(found["changed"] - found["x"]).max(axis=(1, 2, 3))


def _faint(found):
    """Share of digits that lose two fifths of their ink."""
    ink, left = found["x"].sum(axis=(1, 2, 3)), found["changed"].sum(axis=(1, 2, 3))
    return np.mean(left < 0.6 * ink)


def _likeness(a, b):
    """Largest correlation over all shifts, 1 for equal images, shape (n,)."""
    a, b = (image - image.mean(axis=(1, 2), keepdims=True) for image in (a, b))
    a_waves, b_waves = (np.fft.rfft2(image, axes=(1, 2)) for image in (a, b))
    product = np.fft.irfft2(a_waves * np.conj(b_waves), s=(28, 28), axes=(1, 2))
    scale = np.sqrt((a**2).sum(axis=(1, 2, 3)) * (b**2).sum(axis=(1, 2, 3)))
    return product.max(axis=(1, 2, 3)) / np.maximum(scale, 1e-9)


check_augmentation = judge(
    (
        "most digits change visibly, and each is still the digit it was.",
        "大多数数字都有明显变化，而且每个数字仍是原来的数字。",
    ),
    (
        lambda found, *_: (
            found["changed"].shape == found["x"].shape
            and np.allclose(found["still"], found["x"], atol=1e-5)
        ),
        "in training the digits must keep their shape, (28, 28, 1), and yours have "
        "{found[changed].shape}; with training=False they must come out unchanged. "
        "(RandomCrop changes the size in one of the two: shift instead.)",
        "训练时图像的形状 (28, 28, 1) 不能变，你的输出是 {found[changed].shape}；"
        "training=False 时，数字应当原样输出。（RandomCrop 总有一处会改变大小，可以改用"
        "平移。）",
    ),
    (
        lambda found, *_: np.all(np.abs(found["changed"] - 0.5) < 0.501),
        "some pixels leave the range [0, 1]. Layers that change brightness or colour "
        "need value_range=(0, 1) here.",
        "有的像素超出了 [0, 1]。改变亮度或颜色的层，在这里要写上 value_range=(0, 1)。",
    ),
    (
        lambda found, *_: _turned(found) <= 0.1,
        "some digits come out mirrored or turned. Mirrored, a 2 is no digit; turned by "
        "half a turn, a 6 is a 9. Flips and large rotations change the label.",
        "有的数字被翻转或转了向。2 左右翻转后不再是数字，6 转半圈就成了 9。翻转和大角"
        "度旋转会改变标签。",
    ),
    (
        lambda found, *_: (
            _faint(found) <= 0.05
            and np.median(_likeness(found["x"], found["changed"])) >= 0.6
        ),
        "some digits lose much of their ink, over the edge or into the dark, or can "
        "hardly be recognised any more. Change less.",
        "有的数字笔画丢了许多（移出边界或变暗了），或者几乎认不出来了。变化小一些。",
    ),
    (
        lambda found, *_: np.mean(_moved(found) > 0.1) >= 0.5,
        "fewer than half of the digits change visibly. Be bolder.",
        "有明显变化的数字不到一半。变化再大一些。",
    ),
    see=(
        _augment,
        "my_augmentation must be a layer, or keras.Sequential([ … ]).",
        "my_augmentation 应当是一个层，或者 keras.Sequential([ … ])。",
    ),
)
