#!/usr/bin/env python3
"""Trains the small Fashion-MNIST classifier of this folder and writes its model and data files.

What:  a 28x28 grey image -> 10 classes of clothing. A convolution + batch-norm + ReLU stem, two
       residual blocks, four depthwise-separable blocks with ReLU6 (two of them with a skip),
       global average pooling and one linear layer. BatchNormalization stays a node of its own in
       the exported ONNX (opset 17), so that folding it is left to the tool that reads the file.
       The input `image` is f32 [N, 1, 28, 28], each pixel divided by 255, and nothing else is
       done to it. The output `logits` is f32 [N, 10].
Run:   apt-get install dataset-fashion-mnist         # the data; this script downloads nothing
       pip install numpy torch onnx onnxruntime      # README.md has the versions that were used
       python train.py [--data DIR] [--out DIR] [--epochs N]
       Seeded, and on one thread: ten to fifteen minutes. Another kind of processor or version of
       torch rounds differently, and ends at slightly different weights.
Writes: fashion.onnx, calibration.npz (256 training images), test.npz (the first 2,000 test images
       and their labels) and COPYRIGHT.fashion-mnist (the notice of the data). What README.md
       reports is what this prints.
Licence: the data is Fashion-MNIST, (c) 2017 Zalando SE, MIT ("Expat") licence, as packaged by
       Debian in `dataset-fashion-mnist`. This script is under the licence of the repository.

The weights are those after the last epoch: the test set chooses nothing, it is only measured on.
"""
import argparse, gzip, platform, shutil, time
from collections import Counter, OrderedDict
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn
from torch.nn import functional as F

SEED, BATCH, N_CALIBRATION, N_TEST = 2024, 128, 256, 2000


def read_idx(path):
    """An IDX file of unsigned bytes: a big-endian header of 4 + 4 * rank bytes, then the values."""
    raw = gzip.decompress(path.read_bytes())
    assert raw[:3] == b"\0\0\x08", f"{path}: not an IDX file of unsigned bytes"
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(np.frombuffer(raw, ">u4", raw[3], 4))


def load(data, split):
    images = read_idx(data / f"{split}-images-idx3-ubyte.gz")[:, None].astype(np.float32) / np.float32(255)
    return images, read_idx(data / f"{split}-labels-idx1-ubyte.gz").astype(np.int64)


def conv(cin, cout, kernel=3, stride=1, groups=1, act=nn.ReLU):
    layers = OrderedDict(conv=nn.Conv2d(cin, cout, kernel, stride, kernel // 2, groups=groups, bias=False),
                         bn=nn.BatchNorm2d(cout))
    if act:
        layers["act"] = act()
    return nn.Sequential(layers)


class Residual(nn.Module):
    """Two 3x3 convolutions at half the resolution, added to a 1x1 projection of their input."""

    def __init__(self, cin, cout):
        super().__init__()
        self.a, self.b = conv(cin, cout, stride=2), conv(cout, cout, act=None)
        self.skip = conv(cin, cout, kernel=1, stride=2, act=None)

    def forward(self, x):
        return F.relu(self.b(self.a(x)) + self.skip(x))


class Separable(nn.Module):
    """A depthwise 3x3 and a pointwise convolution, with a skip where the shapes are the same."""

    def __init__(self, cin, cout):
        super().__init__()
        self.depthwise = conv(cin, cin, groups=cin, act=nn.ReLU6)
        self.pointwise = conv(cin, cout, kernel=1, act=nn.ReLU6)
        self.skip = cin == cout

    def forward(self, x):
        y = self.pointwise(self.depthwise(x))
        return x + y if self.skip else y


def network():
    return nn.Sequential(OrderedDict(
        stem=conv(1, 16),                                                          # 16 x 28 x 28
        res1=Residual(16, 24), sep1=Separable(24, 48), sep2=Separable(48, 48),     # 48 x 14 x 14
        res2=Residual(48, 48), sep3=Separable(48, 96), sep4=Separable(96, 96),     # 96 x 7 x 7
        pool=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten(1), fc=nn.Linear(96, 10)))


def augment(x):
    """Moves each image by up to two pixels either way, and mirrors half of them."""
    n, r = len(x), torch.arange(28)
    dy, dx = torch.randint(0, 5, (2, n, 1))
    padded = F.pad(x[:, 0], (2, 2, 2, 2))
    x = padded[torch.arange(n)[:, None, None], (dy + r)[:, :, None], (dx + r)[:, None, :]][:, None]
    return torch.where(torch.rand(n, 1, 1, 1) < 0.5, x.flip(3), x)


def train(model, images, labels, epochs):
    images, labels = torch.from_numpy(images), torch.from_numpy(labels)
    steps = len(images) // BATCH
    # Weight decay is for the convolution and linear weights alone, not for the batch-norm scales.
    groups = [{"params": [p for p in model.parameters() if p.ndim > 1], "weight_decay": 5e-4},
              {"params": [p for p in model.parameters() if p.ndim == 1], "weight_decay": 0.0}]
    opt = torch.optim.SGD(groups, lr=0.1, momentum=0.9, nesterov=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(opt, 0.2, total_steps=epochs * steps, pct_start=0.2)
    model.train()
    for epoch in range(epochs):
        start, total = time.time(), 0.0
        for pick in torch.randperm(len(images))[:steps * BATCH].view(steps, BATCH):
            x = augment(images[pick]).to(memory_format=torch.channels_last)
            loss = F.cross_entropy(model(x), labels[pick], label_smoothing=0.1)
            opt.zero_grad()
            loss.backward()
            opt.step()
            schedule.step()
            total += loss.item()
        print(f"epoch {epoch + 1:2}/{epochs}  loss {total / steps:.4f}  {time.time() - start:.0f} s", flush=True)


def export(model, path):
    """The classic exporter in PRESERVE mode keeps each BatchNormalization a node (inference mode)."""
    torch.onnx.export(model, (torch.zeros(2, 1, 28, 28),), str(path), opset_version=17, dynamo=False,
                      training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False,
                      input_names=["image"], output_names=["logits"],
                      dynamic_axes={"image": {0: "N"}, "logits": {0: "N"}})
    proto = onnx.load(path)
    proto.graph.name = "fashion"
    proto.doc_string = "Fashion-MNIST classifier: image = pixel / 255; logits of the ten classes"
    onnx.checker.check_model(proto, full_check=True)
    onnx.save(proto, path)
    return Counter(node.op_type for node in proto.graph.node)


@torch.inference_mode()
def accuracy(run, images, labels):
    """Per cent right; `run` takes a batch of images to its logits."""
    hits = sum((run(images[i:i + 500]).argmax(1) == labels[i:i + 500]).sum() for i in range(0, len(images), 500))
    return 100 * int(hits) / len(images)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", type=Path, default=Path("/usr/share/datasets/fashion-mnist"))
    p.add_argument("--out", type=Path, default=Path(__file__).resolve().parent)
    p.add_argument("--epochs", type=int, default=12)
    args = p.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(SEED)
    torch.set_num_threads(1)  # the same sums in the same order, whatever the machine is doing
    torch.use_deterministic_algorithms(True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # a debugging aid that costs 10 % here
    (images, labels), (test, test_labels) = load(args.data, "train"), load(args.data, "t10k")

    notice = args.data.resolve().parents[1] / "doc/dataset-fashion-mnist/copyright"  # where Debian's package has it
    shutil.copyfile(notice, args.out / "COPYRIGHT.fashion-mnist")
    rng = np.random.default_rng(SEED)
    picks = [rng.choice(np.flatnonzero(labels == c), N_CALIBRATION // 10 + (c < N_CALIBRATION % 10), replace=False)
             for c in range(10)]
    np.savez_compressed(args.out / "calibration.npz", image=images[rng.permutation(np.concatenate(picks))])
    np.savez_compressed(args.out / "test.npz", image=test[:N_TEST], label=test_labels[:N_TEST])

    model, start = network().to(memory_format=torch.channels_last), time.time()
    train(model, images, labels, args.epochs)
    minutes = (time.time() - start) / 60
    model = model.to(memory_format=torch.contiguous_format).eval()
    path = args.out / "fashion.onnx"
    ops = export(model, path)

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    print(f"{args.epochs} epochs in {minutes:.1f} minutes; {sum(p.numel() for p in model.parameters()):,} parameters")
    print("nodes:", ", ".join(f"{n} {op}" for op, n in ops.most_common()))
    for name, run in {"torch": lambda x: model(torch.from_numpy(x)).numpy(),
                      "onnxruntime": lambda x: session.run(["logits"], {"image": x})[0]}.items():
        for n in (len(test), N_TEST):
            print(f"{name}: {accuracy(run, test[:n], test_labels[:n]):.2f} % of the first {n} test images")
    print(f"python {platform.python_version()},", ", ".join(f"{m.__name__} {m.__version__}"
                                                            for m in (np, torch, onnx, onnxruntime)))


if __name__ == "__main__":
    main()
