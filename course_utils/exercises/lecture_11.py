"""The exercises of lecture 11."""

import hashlib
import tempfile
from pathlib import Path

import numpy as np

from course_utils.exercises.core import Exercise, judge

__all__ = [
    "check_bit_factor",
    "check_is_whole",
    "check_layer_config",
    "check_one_bit",
]


# --- exercise 1 ----------------------------------------------------------------------


def _bits(rng):
    """Each bit of the exponent, as 0 and as 1, in any order."""
    pairs = [(bit, was) for bit in range(23, 31) for was in (0, 1)]
    return [pairs[k] for k in rng.permutation(len(pairs))]


check_bit_factor = Exercise(
    cases=_bits,
    right=lambda bit, was: 2.0 ** ((1 - 2 * was) * 2 ** (bit - 23)),
    same=lambda found, wanted: bool(np.isclose(found, wanted, rtol=1e-6, atol=0)),
    done=(
        "the bit adds 2^(bit − 23) to the exponent or takes it away; the weight is "
        "multiplied by 2 to that power.",
        "这一位使指数加上或减去 2^(bit − 23)，权值就乘以 2 的这么多次方。",
    ),
    mistakes=[
        (
            "that is so for bit 23 only, which changes the exponent by one. By how "
            "much does the next bit change it?",
            "只有第 23 位是这样，它使指数改变 1。下一位使指数改变多少？",
            lambda bit, was: 2.0 if was == 0 else 0.5,
        ),
        (
            "that is by how much the exponent changes. What does the weight do?",
            "这是指数的改变量。权值又变成多少倍？",
            lambda bit, was: 2.0 ** ((1 - 2 * was) * (bit - 23)),
        ),
        (
            "right if the bit was 0. What if it was 1?",
            "原来是 0 时对了。原来是 1 呢？",
            lambda bit, was: 2.0 ** (2 ** (bit - 23)),
        ),
        (
            "the other way round: a bit that was 0 becomes 1. Is the exponent larger "
            "then, or smaller?",
            "方向反了：原来是 0 的位变成 1，指数是变大还是变小？",
            lambda bit, was: 2.0 ** ((2 * was - 1) * 2 ** (bit - 23)),
        ),
    ],
    otherwise=(
        "for {case} you say {found}. The exponent is a whole number in binary: what is "
        "this bit worth in it? And what is one more in the exponent worth?",
        "当 {case} 时，你算得 {found}。指数是二进制整数：这一位在其中值多少？指数增加 "
        "1，权值又变成几倍？",
    ),
)


# --- exercise 2 ----------------------------------------------------------------------


def _layers(answer):
    """What layers of several factors do, and do after they were saved and loaded."""
    import keras

    if not (isinstance(answer, type) and issubclass(answer, keras.layers.Layer)):
        return {"layer": False}
    rng = np.random.default_rng()
    factors = [float(f) for f in np.round(rng.uniform((0.2, 2), (0.8, 9)), 2)]
    made = [answer(factor=factor, name="mine") for factor in factors]
    nets = [keras.Sequential([keras.Input((2,)), layer]) for layer in made]
    ones, found = np.ones((1, 2), "float32"), {"layer": True, "factors": factors}
    found["before"] = [float(np.asarray(net(ones))[0, 0]) for net in nets]
    found["own"] = answer.get_config is not keras.layers.Layer.get_config
    try:
        found["configs"] = [layer.get_config() for layer in made]
        known = {keras.saving.get_registered_name(answer): answer}
        with tempfile.TemporaryDirectory() as folder:
            path, found["after"] = Path(folder, "net.keras"), []
            for net in nets:
                net.save(path)
                net = keras.models.load_model(path, custom_objects=known)
                found["after"].append(float(np.asarray(net(ones))[0, 0]))
    except Exception as error:  # the conditions say at which step
        found["error"] = error
    return found


def _configs(found):
    if "configs" not in found:
        raise found["error"]
    return found["configs"]


def _comes_back(found):
    if "after" not in found or len(found["after"]) < len(found["factors"]):
        raise found["error"]
    return True


check_layer_config = judge(
    (
        "the layer comes back with its factor.",
        "层载入之后，factor 还在。",
    ),
    (
        lambda found: found["layer"],
        "give the class MyScale itself, a subclass of layers.Layer.",
        "请给出 MyScale 这个类本身，它是 layers.Layer 的子类。",
    ),
    (
        lambda found: np.allclose(found["before"], found["factors"], rtol=1e-4),
        "before it is saved, the layer must multiply by its factor; leave call alone.",
        "存盘之前，这个层就应当乘以 factor；不要改动 call。",
    ),
    (
        lambda found: all(isinstance(config, dict) for config in _configs(found)),
        "get_config must return a dictionary, and raise nothing.",
        "get_config 应当返回一个字典，并且不报错。",
    ),
    (
        lambda found: all("factor" in config for config in _configs(found)),
        "get_config does not mention the factor, so the loaded layer takes its "
        "default. Add it, under the name of the argument, to what "
        "super().get_config() gives.",
        "get_config 里没有 factor，载入的层就用了默认值。在 super().get_config() 的结果"
        "里，用构造参数的名字把它加进去。",
    ),
    (
        lambda found: not found["own"] or all("name" in c for c in found["configs"]),
        "the factor is there, but what every layer has (name, dtype …) is lost: add "
        "yours to super().get_config().",
        "factor 有了，但每个层都有的项（name、dtype 等）丢了：要加到 "
        "super().get_config() 的结果里。",
    ),
    (
        _comes_back,
        "the saved layer cannot be made again: __init__ must take every key of "
        "get_config, the usual ones through **options.",
        "存下的层造不出来：get_config 的每一项，__init__ 都要能接受，常见的那些通过 "
        "**options 接受。",
    ),
    (
        lambda found: np.allclose(found["after"], found["factors"], rtol=1e-4),
        "layers with factors {found[factors]} multiply by {found[after]} after "
        "loading. Is it this layer's own factor that get_config returns, and the "
        "factor itself?",
        "factor 为 {found[factors]} 的层，载入后乘以 {found[after]}。get_config 返回的"
        "是这个层自己的 factor 吗？是 factor 本身吗？",
    ),
    see=(
        _layers,
        "no layer can be made of your class with factor=….",
        "用 factor=… 造不出你的层。",
    ),
)


# --- exercise 3 ----------------------------------------------------------------------


def _says(answer, kind):
    """What an answer says of a file of this kind; it must be True or False."""
    rng = np.random.default_rng()
    content = rng.bytes(10_000)
    place = int(rng.integers(len(content)))
    flipped = bytearray(content)
    flipped[place] ^= 1 << int(rng.integers(8))
    files = {"whole": content, "cut": content[:-1], "flipped": bytes(flipped)}
    files |= {"empty": b"", "other": rng.bytes(10_000)}
    digest = hashlib.sha256(content).hexdigest()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "sent.keras")
        if kind in files:
            path.write_bytes(files[kind])
        said = answer(path, digest)
    if not isinstance(said, (bool, np.bool_)):
        raise TypeError("neither True nor False")
    return bool(said)


check_is_whole = judge(
    (
        "whole, cut, changed and missing files are told apart.",
        "完整的、截断的、被改动的、不存在的文件，都分清了。",
    ),
    (
        lambda answer: _says(answer, "whole"),
        "my_is_whole must return True for a whole file. Compare hexdigest(), the text "
        "of 64 hexadecimal digits, of all its bytes.",
        "文件完整时，my_is_whole 应当返回 True。请比较全部字节的 hexdigest()，它是 64 "
        "个十六进制数字的文本。",
    ),
    (
        lambda answer: not (_says(answer, "cut") or _says(answer, "empty")),
        "a file that was cut off passes: that it is there, or not empty, says little.",
        "截断的文件也通过了：文件存在、不是空的，说明不了什么。",
    ),
    (
        lambda answer: not (_says(answer, "flipped") or _says(answer, "other")),
        "a file with one flipped bit passes: its size is right. Hash it.",
        "一个比特翻转的文件也通过了：它的大小没有变。要计算哈希值。",
    ),
    (
        lambda answer: not _says(answer, "missing"),
        "where there is no file, the function must return False and raise nothing.",
        "文件不存在时，函数应当返回 False，而不是报错。",
    ),
)


# --- exercise 4 ----------------------------------------------------------------------


def _flipped(answer, weights, score):
    """The parameter after its bit has flipped, and the accuracy then."""
    array, index, bit = answer
    value = np.float32(weights[array][tuple(index)])
    if value.ndim or not (0 <= array < len(weights) and 0 <= bit < 32):
        raise ValueError("no such bit")
    after = (value.view("u4") ^ np.uint32(1 << bit)).view("f4")
    return {"after": float(after), "accuracy": score(bit, array, index)}


check_one_bit = judge(
    (
        "one bit of one parameter, and the network is no better than chance.",
        "只是一个参数的一位，整个网络就和瞎猜差不多了。",
    ),
    (
        lambda found, weights, score: np.isfinite(found["after"]),
        "the parameter is no finite number any more: its exponent is all ones. Choose "
        "another.",
        "这个参数不再是有限的数：指数各位都成了 1。换一个。",
    ),
    (
        lambda found, weights, score: found["accuracy"] <= 0.15,
        "the accuracy is still above 15 %. Through which inputs, or units, does this "
        "parameter reach an output? And which sign should it have?",
        "准确率还高于 15 %。这个参数要经过哪些输入或单元才影响到输出？它应当是正的还是"
        "负的？",
    ),
    see=(
        _flipped,
        "give three things: number of the array, index in it as a list, and a bit from "
        "0 to 31, such as (0, [406, 0], 30).",
        "请给出三样：数组的编号，数组中的位置（列表），第几位（0 到 31），例如 (0, "
        "[406, 0], 30)。",
    ),
)
