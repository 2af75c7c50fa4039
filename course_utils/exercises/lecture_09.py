"""The exercises of lecture 09."""

import tempfile
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from course_utils.exercises.core import Exercise, judge
from course_utils.exercises.results import attempt

__all__ = [
    "check_average",
    "check_careful_restore",
    "check_order",
    "check_predictions",
]


# --- exercise 1 ----------------------------------------------------------------------


check_predictions = Exercise(
    right="BD",
    same=lambda found, wanted: sorted(found.upper()) == sorted(wanted),
    done=(
        "positions and shapes count; names of layers, activations and dropout's rate "
        "are not in the file.",
        "层的位置和数组的形状要对得上；层的名字、激活函数、dropout 的比例"
        "都不在文件里。",
    ),
    mistakes=[
        (
            "does the file know what a layer is called? Look at the names that "
            "tf.train.list_variables gives.",
            "文件里有层的名字吗？看看 tf.train.list_variables 列出的名字。",
            "ABD",
        ),
        (
            "Flatten holds no weights, but it has a place: where do the layers behind "
            "it stand without it?",
            "Flatten 没有权值，却占一个位置：去掉它，后面的层排在哪里？",
            "D",
        ),
        (
            "is there anything in the file that tells ReLU from the sigmoid?",
            "文件里有什么能区分 ReLU 和 sigmoid？",
            "BCD",
        ),
        (
            "can an array of 64 columns go into one of 32?",
            "64 列的数组能放进 32 列的变量里吗？",
            "B",
        ),
    ],
    otherwise=(
        "write the letters of those that raise, as a text. Run the cell: where does it "
        "say otherwise than you?",
        "把会报错的字母写成一个字符串。运行单元格，看哪里与你的预测不同。",
    ),
)


# --- exercise 2 ----------------------------------------------------------------------


def _net(more=0):
    net = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    for _ in range(more):
        net.add(keras.layers.Dense(1))
    net.compile("adam", "mse")
    return net


def _restores(restore):
    """Whether weights came over; what two incomplete restores raise, or None."""
    saved, fresh = _net(), _net()
    saved.optimizer.build(saved.trainable_variables)
    with tempfile.TemporaryDirectory() as folder:
        path = tf.train.Checkpoint(model=saved).save(str(Path(folder, "ckpt")))
        restore(tf.train.Checkpoint(model=fresh), path)
        misnamed = attempt(restore, tf.train.Checkpoint(net=_net()), path)
        longer = attempt(restore, tf.train.Checkpoint(model=_net(more=1)), path)
    same = np.array_equal(fresh.get_weights()[0], saved.get_weights()[0])
    return same, misnamed, longer


check_careful_restore = judge(
    (
        "it raises for what is missing here, and for nothing else.",
        "这里缺了什么就报错，别的情况都放过。",
    ),
    (
        lambda found: found[0],
        "the weights are not those of the file; call restore.",
        "权值不是文件里的；要调用 restore。",
    ),
    (
        lambda found: isinstance(found[1], AssertionError),
        "with a wrong word in Checkpoint nothing is restored, and no AssertionError "
        "is raised. restore returns a status: ask it before you return.",
        "Checkpoint 里写错一个词，什么也没载入，却没有抛出 AssertionError。restore 返回"
        "一个状态，返回之前先问它。",
    ),
    (
        lambda found: isinstance(found[2], AssertionError),
        "with a layer too many the others are restored, that one is not, and no "
        "AssertionError is raised. Does every variable here have its array?",
        "多了一层时，其余的层都载入了，只有它没有，却没有抛出 AssertionError。这里的"
        "每个变量都找到数组了吗？",
    ),
    see=(
        _restores,
        "it stops for a file that holds Adam's arrays beside the network's, which a "
        "network in use does not need. Which question looks at the variables here?",
        "文件里除了网络的数组还有 Adam 的，只是使用网络并不需要它们，你的函数却出错了。"
        "哪一问看的是这里的变量？",
    ),
)


# --- exercise 3 ----------------------------------------------------------------------

SIZE = 50


def _orders(order):
    """Orders for (3, 5), again, the next epoch, another seed, swapped, same sum."""
    asked = [(3, 5), (3, 5), (3, 6), (4, 5), (5, 3), (4, 4)]
    return [np.asarray(order(seed, epoch, SIZE)).tolist() for seed, epoch in asked]


check_order = judge(
    (
        "seed and epoch decide, each by itself, and nothing is remembered.",
        "顺序由种子和轮数各自决定，什么都不用记住。",
    ),
    (
        lambda found: all(sorted(order) == [*range(SIZE)] for order in found),
        "each number from 0 to n − 1 must stand in the order exactly once.",
        "从 0 到 n − 1，每个数在顺序里恰好出现一次。",
    ),
    (
        lambda found: found[0] == found[1],
        "asked twice for the same seed and epoch it gives two orders: a generator "
        "outside the function remembers how often it was asked. Make it inside.",
        "同样的种子和轮数，问两次得到两个顺序：函数外面的随机数发生器记着用过多少次。"
        "请在函数里面创建它。",
    ),
    (
        lambda found: found[0] != [*range(SIZE)],
        "nothing is shuffled.",
        "顺序没有打乱。",
    ),
    (
        lambda found: found[0] != found[2],
        "every epoch has the same order. The epoch must count.",
        "每一轮的顺序都一样。轮数也要起作用。",
    ),
    (
        lambda found: found[0] != found[3],
        "every seed gives the same order. The seed must count.",
        "不同的种子给出同样的顺序。种子也要起作用。",
    ),
    (
        lambda found: found[0] not in found[4:],
        "seed 3 in epoch 5 has the order of seed 5 in epoch 3, or of seed 4 in epoch "
        "4: a sum or a product mixes them up. NumPy takes a list as a seed, too.",
        "种子 3 第 5 轮的顺序，与种子 5 第 3 轮或种子 4 第 4 轮相同：相加或相乘会把它们"
        "混在一起。NumPy 的种子也可以是一个列表。",
    ),
    see=(
        _orders,
        "give a function my_order(seed, epoch, n) that returns n numbers.",
        "要给一个函数 my_order(seed, epoch, n)，返回 n 个数。",
    ),
)


# --- exercise 4 ----------------------------------------------------------------------


def _averaged(mean):
    """What is found for four checkpoints of an array, and the arrays."""
    arrays = np.random.default_rng().normal(size=(4, 2, 3)).astype("float32")
    with tempfile.TemporaryDirectory() as folder:
        paths = [
            tf.train.Checkpoint(w=tf.Variable(array)).write(str(Path(folder, str(k))))
            for k, array in enumerate(arrays)
        ]
        found = mean(paths, "w/.ATTRIBUTES/VARIABLE_VALUE")
    return np.asarray(found, float), arrays


def _close(found, wanted):
    return np.allclose(found, wanted, atol=1e-5)


check_average = judge(
    (
        "the mean over the checkpoints, weight by weight.",
        "对几个检查点逐个权值取平均。",
    ),
    (
        lambda found: found[0].shape == found[1][0].shape,
        "the mean must have the shape of the array in one checkpoint. Which axis "
        "counts the checkpoints?",
        "平均值的形状应与一个检查点里的数组相同。哪个轴数的是检查点？",
    ),
    (
        lambda found: not any(_close(found[0], array) for array in found[1]),
        "that is the array of one checkpoint alone.",
        "这只是一个检查点里的数组。",
    ),
    (
        lambda found: not _close(found[0], found[1].sum(axis=0)),
        "that is the sum; divide by how many there are.",
        "这是总和；还要除以检查点的个数。",
    ),
    (
        lambda found: _close(found[0], found[1].mean(axis=0)),
        "add the arrays of all checkpoints, and divide by how many there are.",
        "把所有检查点的数组加起来，再除以个数。",
    ),
    see=(
        _averaged,
        "give a function my_mean(paths, name) that returns an array of numbers.",
        "要给一个函数 my_mean(paths, name)，返回由数组成的数组。",
    ),
)
