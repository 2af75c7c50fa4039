"""Lecture 01: each cost's own learning rate, and starts from which no rate helps.

Networks as in the lecture (196-100-10, sigmoid), five splits of the training digits
with a start each; the highest mean validation accuracy after 20 epochs decides.
"""

import numpy as np

from course_utils.data import load_digits

RATES = 2.0 ** np.arange(-5, 4)  # each doubles
WIDE = 4.0 ** np.arange(-7, 13)  # 0.00006 to 17 million
SPLITS = (11, 12, 13, 14, 15)  # none is a seed of the evidence


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def quadratic(z, t):
    y = sigmoid(z)
    return (y - t) * y * (1 - y)


def cross_entropy(z, t):
    return sigmoid(z) - t


def shrink(images):
    return images.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)).reshape(-1, 196)


def begin(draw, count, factor):
    """Glorot's random weights, the last layer's times factor; so many equal copies."""
    parts = []
    for n, m, scale in ((196, 100, 1), (100, 10, factor)):
        W = scale * draw.uniform(-1, 1, (n, m)) * np.sqrt(6 / (n + m))
        parts += [np.stack([W] * count), np.zeros((count, 1, m))]
    return [part.astype("float32") for part in parts]


def accuracy(delta, rates, factor, seed):
    """On validation digits after 20 epochs, one network a rate."""
    digits = load_digits(one_hot=True, validation=800, seed=seed)
    x, t, draw = shrink(digits.x_train), digits.y_train, np.random.default_rng(seed)
    W1, b1, W2, b2 = begin(draw, len(rates), factor)
    rates = np.array(rates, "float32")[:, None, None]
    for _ in range(20):
        for rows in draw.permutation(len(x)).reshape(-1, 32):
            h = sigmoid(x[rows] @ W1 + b1)
            d2 = delta(h @ W2 + b2, t[rows]) / 32
            d1 = d2 @ W2.transpose(0, 2, 1) * h * (1 - h)
            W2 -= rates * (h.transpose(0, 2, 1) @ d2)
            b2 -= rates * d2.sum(axis=1, keepdims=True)
            W1 -= rates * (x[rows].T @ d1)
            b1 -= rates * d1.sum(axis=1, keepdims=True)
    answers = (sigmoid(shrink(digits.x_validation) @ W1 + b1) @ W2 + b2).argmax(axis=-1)
    return np.mean(answers == digits.y_validation.argmax(axis=1), axis=-1)


def sweep(delta, rates, factor=1):
    """Accuracy of each split at each rate, (splits, rates)."""
    return np.array([accuracy(delta, rates, factor, seed) for seed in SPLITS])


def choose():
    """The rates; found: means by rate, and the best of the wide range by factor."""
    with np.errstate(over="ignore", invalid="ignore"):
        squared, entropy = sweep(quadratic, RATES), sweep(cross_entropy, RATES)
        sure = {factor: sweep(quadratic, WIDE, factor) for factor in (5, 20, 100)}
        sure_entropy = sweep(cross_entropy, RATES, factor=100)
    return {
        "constants": {
            "QUADRATIC_RATE": float(RATES[squared.mean(axis=0).argmax()]),
            "ENTROPY_RATE": float(RATES[entropy.mean(axis=0).argmax()]),
        },
        "found": {
            "rates": RATES.tolist(),
            "quadratic cost, mean accuracy": squared.mean(axis=0).round(4).tolist(),
            "cross-entropy, mean accuracy": entropy.mean(axis=0).round(4).tolist(),
            "best of 20 rates, quadratic cost, by factor": {
                factor: found.max(axis=1).round(4).tolist()
                for factor, found in sure.items()
            },
            "best rate's accuracy, cross-entropy, factor 100": sure_entropy.max(axis=1)
            .round(4)
            .tolist(),
        },
    }
