"""The exercises of lecture 08."""

import tempfile
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from course_utils.exercises.core import Exercise, judge

__all__ = [
    "check_bytes",
    "check_counted_checkpoint",
    "check_small_file",
    "check_survivors",
]


# --- exercise 1 ----------------------------------------------------------------------

BESIDE = {"sgd": 0, "momentum": 1, "adam": 2}  # numbers kept for a trained weight


def _networks(rng):
    """Weights, how many are frozen, optimizer."""
    drawn = rng.integers((2000, 1), (9000, 1999), (4, 2))
    return [
        (int(weights), int(frozen), optimizer)
        for optimizer in BESIDE
        for weights, frozen in [(1000, 0), *drawn]
    ]


def _bytes(weights, frozen, optimizer):
    return 4 * (weights + BESIDE[optimizer] * (weights - frozen))


check_bytes = Exercise(
    cases=_networks,
    right=_bytes,
    done=(
        "4 bytes for every weight, and for each that is trained 4 more under momentum, "
        "8 more under Adam.",
        "每个权值 4 字节；参加训练的，用动量法再加 4 字节，用 Adam 再加 8 字节。",
    ),
    mistakes=[
        (
            "that is how many numbers there are. How many bytes has one of 32 bits?",
            "这是数的个数。一个 32 位的数占多少字节？",
            lambda weights, frozen, optimizer: _bytes(weights, frozen, optimizer) // 4,
        ),
        (
            "a frozen weight is saved too. Does the optimizer keep anything for it?",
            "被冻结的权值也要保存，但优化器还会为它存什么吗？",
            lambda weights, frozen, optimizer: _bytes(weights, 0, optimizer),
        ),
        (
            "the frozen weights are missing: the network needs them, too.",
            "漏了被冻结的权值：网络也需要它们。",
            lambda weights, frozen, optimizer: _bytes(weights - frozen, 0, optimizer),
        ),
        (
            "that is the network alone. What does the optimizer keep beside it?",
            "这只是网络本身。优化器另外还存了什么？",
            lambda weights, frozen, optimizer: 4 * weights,
        ),
    ],
    otherwise=(
        "for {case} you say {found}. Count separately: all weights of the network, and "
        "what the optimizer keeps for each one that is trained.",
        "当 {case} 时，你算得 {found}。分开数：网络的全部权值，以及优化器为每个参加"
        "训练的权值存下的数。",
    ),
)


# --- exercise 2 ----------------------------------------------------------------------


def _trainings(rng):
    """Accuracies by epoch, and how many to keep: early best, late best, ties."""
    drawn = [
        (rng.integers(50, 60, int(rng.integers(5, 12))) / 100, int(rng.integers(1, 4)))
        for _ in range(12)
    ]
    return [
        ([0.5, 0.9, 0.6, 0.7, 0.8], 2),
        ([0.5, 0.6, 0.7, 0.8, 0.9], 2),
        ([0.5, 0.9, 0.9, 0.7, 0.8], 1),
        ([0.5, 0.4], 5),
        *((accuracies.tolist(), keep) for accuracies, keep in drawn),
    ]


def _last(accuracies, keep):
    return [*range(1, len(accuracies) + 1)][-keep:]


def _survivors(accuracies, keep):
    best = int(np.argmax(accuracies)) + 1
    return sorted({*_last(accuracies, keep), best})


def _last_of_the_best(accuracies, keep):
    best = len(accuracies) - int(np.argmax(accuracies[::-1]))
    return sorted({*_last(accuracies, keep), best})


check_survivors = Exercise(
    cases=_trainings,
    right=_survivors,
    done=(
        "the last few and the best, each once and in order.",
        "最近几个，加上最好的一个，不重复，按顺序。",
    ),
    mistakes=[
        (
            "the last ones are there. A best epoch that lies earlier is lost.",
            "最近几个都在；如果最好的一轮更早，就丢了。",
            _last,
        ),
        (
            "count the epochs from 1.",
            "轮数从 1 开始数。",
            lambda accuracies, keep: [e - 1 for e in _survivors(accuracies, keep)],
        ),
        (
            "no epoch twice, also if the best is a recent one; and put them in order.",
            "同一轮不要出现两次，最好的一轮也可能就在最近几轮里；还要按顺序排列。",
            lambda accuracies, keep: [
                *_last(accuracies, keep),
                int(np.argmax(accuracies)) + 1,
            ],
        ),
        (
            "where several are the best, keep the first.",
            "并列最好时，取最早的一轮。",
            _last_of_the_best,
        ),
    ],
    otherwise=(
        "for {case} you keep {found}. Two kinds stay: the last few, and the best; each "
        "once, in order.",
        "当 {case} 时，你留下 {found}。留下的有两种：最近几个，和最好的一个；"
        "不重复，按顺序。",
    ),
)


# --- exercise 3 ----------------------------------------------------------------------

RECORD = 0.625  # exact in 16 bits, too
SUFFIX = "/.ATTRIBUTES/VARIABLE_VALUE"


def _written(make):
    """Kernel of a network, and the arrays by name in the checkpoint made of it."""
    net = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    with tempfile.TemporaryDirectory() as folder:
        prefix = make(net, RECORD).write(str(Path(folder, "ckpt")))
        arrays = {
            name.removesuffix(SUFFIX): tf.train.load_variable(prefix, name)
            for name, _ in tf.train.list_variables(prefix)
            if name.endswith(SUFFIX)
        }
    return np.asarray(net.layers[0].kernel), arrays


check_counted_checkpoint = judge(
    (
        "the record is a variable, saved and restored with the network.",
        "最好成绩成了变量，与网络一起保存、一起载入。",
    ),
    (
        lambda found: "record" in found[1],
        "the file holds no array called record. Give Checkpoint a keyword record= with "
        "a tf.Variable.",
        "文件里没有名为 record 的数组。给 Checkpoint 加一个关键字参数 record=，值是 "
        "tf.Variable。",
    ),
    (
        lambda found: np.isclose(np.ravel(found[1]["record"])[0], RECORD),
        "record has another value in the file than it was given. A tf.Variable made "
        "from a whole number counts whole numbers.",
        "文件里的 record 与给它的值不同。用整数创建的 tf.Variable 只能存整数。",
    ),
    (
        lambda found: any(np.array_equal(a, found[0]) for a in found[1].values()),
        "the record is there; the network's weights are missing now.",
        "最好成绩有了，可是网络的权值不见了。",
    ),
    see=(
        _written,
        "return a tf.train.Checkpoint, and write nothing yet. It takes only what holds "
        "variables: is the record one?",
        "请返回一个 tf.train.Checkpoint，先不要写文件。它只接受含有变量的对象：最好成绩"
        "是变量吗？",
    ),
)


# --- exercise 4 ----------------------------------------------------------------------

SAME_ANSWERS = 0.99  # share that the small file must keep


def _made_small(functions, net, build, images):
    """Bytes, over half of what the weights take, and the share of same answers."""
    save, load = functions
    fresh = build()
    with tempfile.TemporaryDirectory() as folder:
        prefix = str(Path(folder, "small"))
        save(net, prefix)
        size = sum(p.stat().st_size for p in Path(folder).rglob("*") if p.is_file())
        if size == 0:
            return 0, 0
        load(fresh, prefix)
    before, after = (
        np.argmax(network.predict(images, batch_size=500, verbose=0), axis=1)
        for network in (net, fresh)
    )
    half = 2 * sum(int(np.prod(w.shape)) for w in net.get_weights())
    return size / half, np.mean(before == after)


check_small_file = judge(
    ("half the bytes, and the same answers.", "字节数减半，答案不变。"),
    (
        lambda found, *_: found[0] > 0,
        "my_save writes nothing under the path it is given.",
        "my_save 没有在给定的路径下写任何文件。",
    ),
    (
        lambda found, *_: found[1] >= SAME_ANSWERS,
        "after my_load the network answers otherwise on more than 1 of 100 digits. Are "
        "all weights restored, the running statistics too?",
        "my_load 之后，100 个数字里有不止 1 个答案变了。权值都载入了吗？"
        "批归一化的统计量呢？",
    ),
    (
        lambda found, *_: found[0] < 2.3,
        "the answers are right, and the files take {found[0]:.1f} times what they may: "
        "does Adam come along, by way of net.optimizer?",
        "答案没变，但文件是允许大小的 {found[0]:.1f} 倍：是不是通过 net.optimizer 把 "
        "Adam 也存进去了？",
    ),
    (
        lambda found, *_: found[0] <= 1.1,  # 10 %: names and the objects' graph
        "the answers are right, and the files take {found[0]:.1f} times what they may: "
        "do the weights need all 32 bits?",
        "答案没变，但文件是允许大小的 {found[0]:.1f} 倍：权值真的需要 32 位吗？",
    ),
    see=(
        _made_small,
        "give two functions, my_save(net, prefix) and my_load(net, prefix). One stops.",
        "要给两个函数：my_save(net, prefix) 和 my_load(net, prefix)。有一个出错了。",
    ),
)
