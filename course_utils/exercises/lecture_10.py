"""The exercises of lecture 10."""

import json
import tempfile
import warnings
import zipfile
from pathlib import Path

import numpy as np

from course_utils.exercises.core import Exercise, judge

__all__ = [
    "check_file_bytes",
    "check_layer_classes",
    "check_small_file",
]


# --- exercise 1 ----------------------------------------------------------------------


def _networks(rng):
    """Fixed and trained parameters, numbers that the optimizer keeps for each."""
    drawn = rng.integers((100, 100, 0), (60_000, 60_000, 4), (12, 3))
    edges = [(50_240, 714, 2), (0, 1000, 1), (1000, 0, 2), (500, 700, 0)]
    return [*edges, *(tuple(map(int, row)) for row in drawn)]


check_file_bytes = Exercise(
    cases=_networks,
    right=lambda fixed, trained, slots: 4 * (fixed + trained * (1 + slots)),
    done=(
        "4 bytes for each number; the optimizer keeps some for what it trains only.",
        "每个数 4 个字节；优化器只为参加训练的参数记数。",
    ),
    mistakes=[
        (
            "these are the parameters. What does a compiled model's optimizer add?",
            "这只是参数。编译过的模型，优化器还要存些什么？",
            lambda fixed, trained, slots: 4 * (fixed + trained),
        ),
        (
            "compare with the file: does the optimizer keep anything for a parameter "
            "that it never moves?",
            "和文件的大小比一比：优化器从不改动的参数，它还用得着记什么吗？",
            lambda fixed, trained, slots: 4 * (fixed + trained) * (1 + slots),
        ),
        (
            "you count the numbers. How many bytes does a float32 take?",
            "你数的是数的个数。一个 float32 占几个字节？",
            lambda fixed, trained, slots: fixed + trained * (1 + slots),
        ),
        (
            "parameters that are not trained must be saved all the same.",
            "不参加训练的参数，同样要存。",
            lambda fixed, trained, slots: 4 * trained * (1 + slots),
        ),
    ],
    otherwise=(
        "for {case} you say {found}. Count the numbers first: each parameter, and the "
        "slots of those that are trained. Then think how many bytes one number takes.",
        "当 {case} 时，你算得 {found}。先数一共有几个数：每个参数一个，参加训练的还有"
        "优化器记的；再想一个数占几个字节。",
    ),
)


# --- exercise 2 ----------------------------------------------------------------------


def _read(answer):
    """What a function says of a .keras file, and what the file holds."""
    if not callable(answer):
        raise TypeError("not a function")
    rng = np.random.default_rng()
    kinds = ["Dense", "Swish", "Flatten", "Dropout", "Conv2D"]
    classes = ["InputLayer", *rng.permutation(kinds)[: rng.integers(2, 6)].tolist()]
    names = [f"{kind.lower()}_{rng.integers(100)}" for kind in classes]
    layers = [
        {"class_name": kind, "config": {"name": name}}
        for kind, name in zip(classes, names, strict=True)
    ]
    config = {"class_name": "Sequential", "config": {"layers": layers}}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "sent.keras")
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("metadata.json", "{}")
            archive.writestr("config.json", json.dumps(config))
            archive.writestr("model.weights.h5", b"numbers")
        said = answer(path)
    return {"said": said, "classes": classes, "names": names}


check_layer_classes = judge(
    (
        "you know what the file is made of, and ran nothing of it.",
        "你已经知道文件由哪些层组成，而且没有运行其中的任何东西。",
    ),
    (
        lambda found: isinstance(found["said"], (list, tuple)),
        "your function must return a list of names.",
        "函数应当返回一个列表，里面是各层的类名。",
    ),
    (
        lambda found: "config.json" not in list(found["said"]),
        "these are the archive's members. Which of them describes the structure?",
        "这些是压缩包里的文件名。其中哪一个描述结构？",
    ),
    (
        lambda found: not any(isinstance(item, dict) for item in found["said"]),
        "each entry is a dictionary; take its class name only.",
        "每一项是一个字典；只取其中的类名。",
    ),
    (
        lambda found: list(found["said"]) != found["names"],
        "these are the layers' names; their classes are asked for.",
        "这些是各层的名字；题目要的是类名。",
    ),
    (
        lambda found: list(found["said"]) != found["classes"][1:],
        "InputLayer is an entry like the others: leave it in.",
        "InputLayer 和其他各层一样，也是一项，不要去掉。",
    ),
    (
        lambda found: list(found["said"]) == found["classes"],
        "these are not the layers of the file. Print json.loads of config.json and "
        "follow it: config, then layers.",
        "这些不是文件里的层。把 config.json 用 json.loads 读出来打印一下，顺着 config、"
        "layers 往下找。",
    ),
    see=(
        _read,
        "your function does not get through the file.",
        "你的函数没能读完这个文件。",
    ),
)


# --- exercise 3 ----------------------------------------------------------------------

ALIKE, LEAN, SMALL = 0.98, 0.6, 0.25


def _save(answer, net, images):
    """What a function wrote, and what it did to the model; the model as it was."""
    import keras

    before, wanted, optimizer = _numbers(net), np.asarray(net(images)), net.optimizer
    with tempfile.TemporaryDirectory() as folder:
        small, whole = Path(folder, "small.keras"), Path(folder, "whole.keras")
        net.save(whole)
        try:
            answer(net, small)
        finally:
            after, kept = _numbers(net), net.optimizer is optimizer
            net.optimizer = optimizer  # the notebook goes on with it
            keras.config.set_dtype_policy("float32")
        found = {"file": small.is_file(), "kept": kept and _equal(before, after)}
        if not found["file"]:
            return found
        found["percent"] = 100 * small.stat().st_size / whole.stat().st_size
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # it has no optimizer's state
                said = np.asarray(keras.models.load_model(small)(images))
        except Exception:  # no model file
            return found | {"loads": False}
    alike = said.shape == wanted.shape
    alike = np.mean(said.argmax(-1) == wanted.argmax(-1)) if alike else 0.0
    return found | {"loads": True, "alike": alike}


def _numbers(net):
    """All numbers of a model and of its optimizer."""
    optimizer = net.optimizer
    state = [] if optimizer is None else [v.numpy() for v in optimizer.variables]
    return [*net.get_weights(), *state]


def _equal(before, after):
    return len(before) == len(after) and all(map(np.array_equal, before, after))


check_small_file = judge(
    (
        "digits are read as before, and the file has {found[percent]:.0f} % of its "
        "size. Can you make it smaller?",
        "读数不变，文件只有原来的 {found[percent]:.0f} %。还能更小吗？",
    ),
    (
        lambda found, net, images: found["file"],
        "your function wrote no file at the path it was given.",
        "你的函数没有在给定的路径写出文件。",
    ),
    (
        lambda found, net, images: found["kept"],
        "the file may be right, but the model that was given to you has changed. Work "
        "on a copy.",
        "文件也许对了，但交给你的模型被改动了。请在副本上操作。",
    ),
    (
        lambda found, net, images: found["loads"],
        "keras.models.load_model cannot open your file: it needs the structure too, "
        "not the numbers alone.",
        "keras.models.load_model 打不开你的文件：除了数值，还要有结构。",
    ),
    (
        lambda found, net, images: found["alike"] >= ALIKE,
        "the model in your file reads digits differently. Are its parameters still "
        "those of the trained model, or too rough a copy of them?",
        "你文件里的模型读数不同。它的参数还是训练好的那些吗？还是改得太粗略了？",
    ),
    (
        lambda found, net, images: found["percent"] <= 100 * LEAN,
        "the digits are read as before, but the optimizer's state is still in the "
        "file. It belongs to a compiled model whose optimizer has begun.",
        "读数不变，但优化器状态还在文件里：它属于编译过、优化器已经开始工作的模型。",
    ),
    (
        lambda found, net, images: found["percent"] <= 100 * SMALL,
        "the optimizer's state is gone, and {found[percent]:.0f} % of the size are "
        "left. How many bytes does a parameter take now, and does it need them all?",
        "优化器状态去掉了，还剩 {found[percent]:.0f} %。现在每个参数占几个字节？每个"
        "字节都用得着吗？",
    ),
    see=(
        _save,
        "my_save must be a function of a model and a path that runs to its end.",
        "my_save 应当是一个函数，接受模型和路径，并能运行到底。",
    ),
)
