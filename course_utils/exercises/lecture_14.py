"""The exercises of lecture 14."""

import numpy as np

from course_utils.exercises.core import judge

__all__ = ["check_frozen_norm", "check_reject", "check_shares", "check_shuffled"]


# --- exercise 1 ----------------------------------------------------------------------


def _pair(answer, measured):
    training, new = answer
    return {"training": float(training), "new": float(new), "measured": measured}


def _near(name, place):
    return lambda found, measured: abs(found[name] - measured[place]) <= 0.15


check_shuffled = judge(
    (
        "a head can learn any labels of so few pictures by heart. What it got right of "
        "its own pictures says nothing; only pictures that it has not seen count.",
        "图片这么少，随便什么标签，输出层都背得下来。它在训练图片上全对，什么也说明不了；"
        "只有没见过的图片才算数。",
    ),
    (
        lambda found, measured: 0 <= found["training"] <= 1 and 0 <= found["new"] <= 1,
        "both numbers are shares, between 0 and 1.",
        "两个数都是比例，应在 0 和 1 之间。",
    ),
    (
        _near("training", 0),
        "the first number is far from what the run shows. Compare the number of "
        "weights of one class, 1,280, with the number of training pictures.",
        "第一个数与运行结果相差太远。比一比：一个类别有 1,280 个权值，而训练图片有"
        "多少张？",
    ),
    (
        _near("new", 1),
        "the second number is far from what the run shows. What can shuffled labels "
        "tell about a new picture, and how many classes are there?",
        "第二个数与运行结果相差太远。打乱的标签，对新图片能说明什么？一共有几个类别？",
    ),
    see=(
        _pair,
        "my_prediction must be two numbers: training pictures, new pictures.",
        "my_prediction 应当是两个数：训练图片、新图片上的准确率。",
    ),
)


# --- exercise 2 ----------------------------------------------------------------------

#: Pictures of each class.
SIZES = (10, 25, 40, 5)


def _splits(answer):
    """Three splits, two of them from one seed, and how many of each class are where."""
    labels = np.random.default_rng(0).permutation(np.repeat(range(4), SIZES))
    runs = [
        np.asarray(answer(labels.copy(), np.random.default_rng(seed)))
        for seed in (1, 1, 2)
    ]
    shaped = runs[0].shape == labels.shape
    counts = [
        [np.sum(runs[0][labels == k] == part) for part in range(3)]
        for k in range(4 * shaped)
    ]
    return {"labels": labels, "runs": runs, "counts": np.array(counts)}


def _as_wanted(counts):
    return np.array_equal(counts, np.outer(SIZES, (0.6, 0.2, 0.2)).round())


check_shares = judge(
    (
        "each class gives 60 % to training, 20 % to validation, 20 % to test.",
        "每个类别都是 60 % 训练、20 % 验证、20 % 测试。",
    ),
    (
        lambda found: all(run.shape == found["labels"].shape for run in found["runs"]),
        "return one number for each label, in the same order.",
        "每个标签返回一个数，次序不变。",
    ),
    (
        lambda found: np.isin(found["runs"], (0, 1, 2)).all(),
        "parts are 0, 1 or 2, and nothing else.",
        "结果只能是 0、1、2。",
    ),
    (
        lambda found: found["counts"].any(axis=0).all(),
        "one of the three parts is empty.",
        "三份中有一份是空的。",
    ),
    (
        lambda found: not _as_wanted(found["counts"][:, ::-1]),
        "0 and 2 are mixed up: 0 is training, the largest part.",
        "0 和 2 弄反了：0 是训练，应当最多。",
    ),
    (
        lambda found: found["counts"].all(),
        "a small class is missing from one of the parts. Draw within each class.",
        "有一份里缺了某个小类别。请在每个类别内部分别抽取。",
    ),
    (
        lambda found: _as_wanted(found["counts"]),
        "some class is not divided 60 : 20 : 20. Draw within each class, and count.",
        "有的类别不是按 60 : 20 : 20 划分的。请在每个类别内部抽取，并数一数。",
    ),
    (
        lambda found: np.array_equal(*found["runs"][:2]),
        "the same seed gives another split. Draw from the generator rng only.",
        "同一个种子得到了不同的划分。请只用传入的生成器 rng 抽取。",
    ),
    (
        lambda found: not np.array_equal(*found["runs"][1:]),
        "another seed gives the same split: nothing is drawn. Files in order of their "
        "names often come in series.",
        "换了种子，划分却不变：根本没有抽取。按文件名排列的图片，常常是成组拍的。",
    ),
    see=(
        _splits,
        "my_parts must be a function of labels and a generator that returns an array.",
        "my_parts 应当是一个函数：参数是标签和生成器，返回一个数组。",
    ),
)


# --- exercise 3 ----------------------------------------------------------------------


def _small_net():
    from keras import Input, Sequential, layers

    net = Sequential([Input((8, 8, 3))])
    for block in (1, 2):
        net.add(layers.Conv2D(4, 3, name=f"block{block}_conv"))
        net.add(layers.BatchNormalization(name=f"block{block}_bn"))
        net.add(layers.ReLU(name=f"block{block}_relu"))
    net.add(layers.GlobalAveragePooling2D(name="pool"))
    net.add(layers.Dense(2, "softmax", name="head"))
    return net


def _freedom(answer):
    """Layers with weights, those free to train, and what `fit` would change."""
    net = answer(_small_net())
    return {
        "names": sorted(layer.name for layer in net.layers if layer.weights),
        "free": {layer.name for layer in net.layers if layer.trainable_weights},
        "weights": len(net.trainable_weights),
    }


check_frozen_norm = judge(
    (
        "block2_conv and head train, nothing else: four arrays of twelve.",
        "只有 block2_conv 和 head 参与训练：十二个数组中的四个。",
    ),
    (
        lambda found: (
            found["names"]
            == ["block1_bn", "block1_conv", "block2_bn", "block2_conv", "head"]
        ),
        "return the net that was given, with all its layers.",
        "要返回传入的那个网络，层一个也不能少。",
    ),
    (
        lambda found: found["free"],
        "nothing can train any more. Set `trainable` of single layers: a loop over "
        "net.layers.",
        "什么都不能训练了。请用循环，逐层设置 `trainable`。",
    ),
    (
        lambda found: "head" in found["free"],
        "the head is frozen, and it above all must learn.",
        "输出层被冻结了，而它恰恰最需要训练。",
    ),
    (
        lambda found: "block2_conv" in found["free"],
        "the convolution of block 2 must train: fine-tuning is about it.",
        "第二块的卷积层要参与训练：微调的正是它。",
    ),
    (
        lambda found: "block1_conv" not in found["free"],
        "the convolution of block 1 still trains; freeze all of that block.",
        "第一块的卷积层还在训练；整块都要冻结。",
    ),
    (
        lambda found: not found["free"] & {"block1_bn", "block2_bn"},
        "a batch normalisation still trains, and its running means would follow each "
        "small batch. Freeze every BatchNormalization.",
        "还有批归一化层在训练，它的滑动均值会跟着每个小批次变。所有 BatchNormalization "
        "都要冻结。",
    ),
    (
        lambda found: found["weights"] == 4,
        "the layers are free, but the net as a whole is still frozen (net.trainable is "
        "False), so fit changes nothing. Leave out the line that freezes the net.",
        "各层已经解冻，但整个网络还冻结着（net.trainable 是 False），fit 什么也改变"
        "不了。请去掉冻结整个网络的那一行。",
    ),
    see=(
        _freedom,
        "my_freeze must be a function that takes the net and returns it.",
        "my_freeze 应当是一个函数：参数是网络，返回的也是这个网络。",
    ),
)


# --- exercise 4 ----------------------------------------------------------------------


def _kept(answer, p, labels):
    """The threshold, the share of answers that are given, and how many are right."""
    if np.asarray(answer).dtype.kind not in "iuf":
        raise TypeError("not a number")
    kept = p.max(axis=1) >= float(answer)
    right = p.argmax(axis=1)[kept] == labels[kept]
    return {
        "threshold": float(answer),
        "answered": kept.mean(),
        "right": right.mean() if kept.any() else 0,
    }


check_reject = judge(
    (
        "at least 60 % are answered, and at least 93 % of those are right.",
        "至少回答了 60 % 的图片，其中至少 93 % 是对的。",
    ),
    (
        lambda found, p, labels: 0 <= found["threshold"] <= 1,
        "a probability lies between 0 and 1, and so must my_threshold.",
        "概率在 0 和 1 之间，my_threshold 也一样。",
    ),
    (
        lambda found, p, labels: found["answered"] > 0,
        "nothing is answered any more; lower my_threshold.",
        "一张图片都不回答了；请降低 my_threshold。",
    ),
    (
        lambda found, p, labels: found["answered"] >= 0.6,
        "fewer than 60 % of the pictures are answered; lower it.",
        "回答的图片不到 60 %；请降低阈值。",
    ),
    (
        lambda found, p, labels: found["threshold"] > 1 / p.shape[1],
        "the largest of so many probabilities is never below 1 / (number of classes), "
        "so this rejects nothing.",
        "最大的那个概率不会低于“1 除以类别数”，所以这个阈值什么也没有拒绝。",
    ),
    (
        lambda found, p, labels: found["right"] >= 0.93,
        "of those answered, fewer than 93 % are right: it still answers where it is "
        "unsure. Raise my_threshold.",
        "回答了的图片中，对的不到 93 %：没有把握的也回答了。请提高 my_threshold。",
    ),
    see=(
        _kept,
        "my_threshold must be one number.",
        "my_threshold 应当是一个数。",
    ),
)
