"""The real models the checks run on, and their data in the form the command line eats.

Preprocessing and metrics are those of `check_models.py` beside the models. Data come in two forms: *rows* (one .npz whose
arrays are named like the model's inputs, first axis = samples, and `labels` where there are any) and *feeds* (a folder of
.npz files, each one run of the model) where shapes vary or an input has no axis of samples.
"""

import functools
import hashlib
import json
import shutil
import wave
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

import measures
import runtime
from checks import Checks
from places import EXAMPLE, WORK, shared_models
from runtime import Feed, Outputs, Step

ROWS_PER_RUN = 1  # as `qdq run` does: onnxruntime rounds in another order for larger groups


@dataclass(frozen=True)
class Scored:
    """What a score is made from: the data folder, the outputs for the test data, and the model itself."""

    folder: Path
    source: Path
    outputs: list[Outputs]
    step: Step

    def rows(self, name: str | None = None) -> np.ndarray:
        """One output (the first) for all test rows."""
        name = name or next(iter(self.outputs[0]))
        return np.concatenate([o[name] for o in self.outputs])


Score = Callable[[Scored], dict[str, float]]


@dataclass(frozen=True)
class Model:
    """One .onnx file: `make(source, file, folder)` writes `calibration` and `test` data, `score` measures the task."""

    name: str
    file: str
    make: Callable[[Path, Path, Path], None]
    score: Score
    separate: bool = True  # calibration data are not test data

    @property
    def path(self) -> Path:
        return EXAMPLE / self.file if self.name == "fashion" else shared_models() / self.file

    @property
    def missing(self) -> str | None:
        """Why this model cannot be used, if so."""
        return None if self.path.exists() else f"{self.path} is not there"

    def version(self) -> str:
        """What the data depend on: this file, and the files beside the model."""
        times = [str(file.stat().st_mtime_ns) for file in sorted(self.path.parent.iterdir())]
        return hashlib.sha256(Path(__file__).read_bytes() + " ".join(times).encode()).hexdigest()

    def prepared(self) -> Path:
        """The folder of its data, made when it is not there or was made from other sources."""
        folder = WORK / self.name
        stamp, version = folder / "stamp", self.version()
        if not stamp.exists() or stamp.read_text() != version:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            self.make(self.path.parent, self.path, folder)
            write_one_sample(data(folder, "test"), folder)
            stamp.write_text(version)
        return folder


def data(folder: Path, split: str) -> Path:
    """`calibration`, `test` or `sample` (one sample) of a prepared folder: an .npz of rows or a folder of feeds."""
    rows = folder / f"{split}.npz"
    return rows if rows.exists() else folder / split


def feeds(path: Path, rows_per_run: int = ROWS_PER_RUN) -> Iterator[Feed]:
    """What onnxruntime is given: groups of rows, or each feed as it is."""
    if path.is_dir():
        for file in sorted(path.glob("*.npz")):
            with np.load(file) as arrays:
                yield {name: arrays[name] for name in arrays.files}
        return
    with np.load(path) as arrays:
        everything = {name: arrays[name] for name in arrays.files}
    n_rows = len(next(iter(everything.values())))
    for begin in range(0, n_rows, rows_per_run):
        yield {name: array[begin:begin + rows_per_run] for name, array in everything.items()}


def labels(folder: Path, split: str = "test") -> np.ndarray:
    with np.load(folder / f"{split}.npz") as arrays:
        return arrays["labels"]


def write_rows(folder: Path, split: str, **arrays: np.ndarray) -> None:
    np.savez(folder / f"{split}.npz", **{name: np.ascontiguousarray(a) for name, a in arrays.items()})


def write_feeds(folder: Path, split: str, samples: list[Feed]) -> None:
    (folder / split).mkdir()
    for idx, sample in enumerate(samples):
        np.savez(folder / split / f"{idx:04}.npz", **sample)


def write_one_sample(test: Path, folder: Path) -> None:
    """The first test sample alone: what speed is measured on."""
    first = next(feeds(test, rows_per_run=1))
    if test.is_dir():
        write_feeds(folder, "sample", [first])
    else:
        write_rows(folder, "sample", **{name: a for name, a in first.items() if name != "labels"})


# Data, model by model.

def make_fashion(source: Path, file: Path, folder: Path) -> None:
    for split in ("calibration", "test"):
        with np.load(source / f"{split}.npz") as arrays:
            known = {("labels" if name.startswith("label") else name): arrays[name] for name in arrays.files}
        write_rows(folder, split, **known)


def make_resnet8(source: Path, file: Path, folder: Path) -> None:
    d = np.load(source / "cifar10_data.npz")
    for split, images in (("calibration", d["x_calib"]), ("test", d["x_test"])):
        extra = {"labels": d["y_test"].astype(np.int64)} if split == "test" else {}
        write_rows(folder, split, image=images.astype(np.float32).transpose(0, 3, 1, 2), **extra)


def speech_frames(source: Path) -> np.ndarray:
    """Frames of 512 samples, each behind the 64 samples before it."""
    d = np.load(source / "vad_stream.npz")
    n_frames = len(d["speech_fraction_per_512"])
    padded = np.concatenate([np.zeros(64, np.float32), d["pcm16k"].astype(np.float32) / 32767])
    return np.stack([padded[k * 512:k * 512 + 576] for k in range(n_frames)])


def stream(step: Step, frames: np.ndarray) -> Iterator[tuple[Feed, Outputs]]:
    """Runs a one-frame model along a stream, its state carried on."""
    state = np.zeros((2, 1, 128), np.float32)
    for frame in frames:
        feed = {"input": frame[None], "state": state, "sr": np.array(16000, np.int64)}
        outputs = step(feed)
        state = outputs["stateN"]
        yield feed, outputs


def make_silero_step(source: Path, file: Path, folder: Path) -> None:
    passing = [feed for feed, _ in stream(runtime.step(runtime.session(file)), speech_frames(source))]
    write_feeds(folder, "calibration", passing[6::24])
    test = passing[::24]
    if file.name == "silero_vad.onnx":  # the other branch of its `If`
        test.append({"input": passing[100]["input"][:, ::2], "state": passing[100]["state"], "sr": np.array(8000, np.int64)})
    write_feeds(folder, "test", test)


def score_silero_step(scored: Scored) -> dict[str, float]:
    outputs = [o["output"].item() for _, o in stream(scored.step, speech_frames(scored.source))]
    return measures.speech(np.array(outputs), speech_fraction(scored.source))


def make_silero_sequence(source: Path, file: Path, folder: Path) -> None:
    frames, zero = speech_frames(source), np.zeros((1, 1, 128), np.float32)
    write_feeds(folder, "calibration", [{"input": frames[k:k + 64], "h": zero, "c": zero} for k in range(0, 2200, 128)])
    write_feeds(folder, "test", [{"input": frames, "h": zero, "c": zero}])


def score_silero_sequence(scored: Scored) -> dict[str, float]:
    return measures.speech(scored.rows("speech_probs"), speech_fraction(scored.source))


def speech_fraction(source: Path) -> np.ndarray:
    return np.load(source / "vad_stream.npz")["speech_fraction_per_512"]


def make_basic_pitch(source: Path, file: Path, folder: Path) -> None:
    d, name = np.load(source / "synth_notes.npz"), "serving_default_input_2:0"
    with wave.open(str(source / "vocadito_10.wav")) as song:  # 44.1 kHz, one channel
        pcm = np.frombuffer(song.readframes(song.getnframes()), np.int16).astype(np.float32) / 32768
    pcm = pcm[:len(pcm) // 2 * 2].reshape(-1, 2).mean(1)
    windows = [pcm[begin:begin + 43844] for begin in range(0, len(pcm) - 43844, 20000)]
    write_rows(folder, "calibration", **{name: np.stack(windows)[:, :, None]})
    write_rows(folder, "test", **{name: d["pcm22050"].astype(np.float32)[:, :, None] / 32767, "labels": d["midi"]})


def make_minilm(source: Path, file: Path, folder: Path) -> None:
    d = np.load(source / "banking77_data.npz")
    for split, part, rows in (("calibration", "train", slice(None, None, 6)), ("train", "train", slice(None)),
                              ("test", "test", slice(None))):
        extra = {} if split == "calibration" else {"labels": d[part + "_y"].astype(np.int64)[rows]}
        write_rows(folder, split, input_ids=d[part + "_ids"].astype(np.int64)[rows],
                   attention_mask=d[part + "_mask"].astype(np.int64)[rows], **extra)


def score_minilm(scored: Scored) -> dict[str, float]:
    train = np.concatenate([scored.step(feed)["embedding"] for feed in feeds(scored.folder / "train.npz")])
    return {"centroid": measures.centroids(train, labels(scored.folder, "train"), scored.rows(), labels(scored.folder))}


def make_text_detector(source: Path, file: Path, folder: Path) -> None:
    mean, deviation = np.array([.485, .456, .406]), np.array([.229, .224, .225])

    def page(name: str) -> np.ndarray:
        pixels = np.asarray(Image.open(source / "pages" / name)).astype(np.float32) / 255
        return ((pixels - mean) / deviation).transpose(2, 0, 1)[None].astype(np.float32)

    pages = [page(name) for name in json.loads((source / "pages" / "boxes.json").read_text())]
    write_feeds(folder, "calibration", [{"x": x} for x in pages[:5]])
    cut = np.ascontiguousarray(pages[0][:, :, 32:352, :416])  # another shape
    write_feeds(folder, "test", [{"x": x} for x in [*pages, cut]])


def score_text_detector(scored: Scored) -> dict[str, float]:
    maps = [next(iter(outputs.values())) for outputs in scored.outputs]
    return measures.text_lines(maps[:-1], scored.source / "pages" / "boxes.json")


def make_text_direction(source: Path, file: Path, folder: Path) -> None:
    d = np.load(source / "cls_data.npz")
    x = ((d["x_rgb"].astype(np.float32)[:, :, :, ::-1] / 255 - 0.5) / 0.5).transpose(0, 3, 1, 2)
    write_rows(folder, "calibration", x=x[::5])
    write_rows(folder, "test", x=x, labels=d["y_rot180"].astype(np.int64))


def make_efficientnet(source: Path, file: Path, folder: Path) -> None:
    files = sorted((source / "images").glob("*.jpg"))
    pixels = np.stack([np.asarray(Image.open(f)) for f in files]).astype(np.float32)
    image = ((pixels - 127) / 128).transpose(0, 3, 1, 2)
    write_rows(folder, "calibration", image=image[::2])
    write_rows(folder, "test", image=image, labels=np.array([int(f.name[:4]) for f in files]))


def make_gru(source: Path, file: Path, folder: Path) -> None:
    d = np.load(source / "fsdd_gru_data.npz")
    write_rows(folder, "calibration", x=d["x_calib"])
    write_rows(folder, "test", x=d["x_test"], labels=d["y_test"].astype(np.int64))


def make_magika(source: Path, file: Path, folder: Path) -> None:
    d = np.load(source / "magika_data.npz")
    content = d["x"].astype(np.int32)
    write_rows(folder, "calibration", bytes=content[::4])
    write_rows(folder, "test", bytes=content, labels=d["y"].astype(np.int64))


def make_vit(source: Path, file: Path, folder: Path) -> None:
    d = np.load(source / "fmnist_data.npz")
    for split, images in (("calibration", d["x_calib"]), ("test", d["x_test"])):
        extra = {"labels": d["y_test"].astype(np.int64)} if split == "test" else {}
        write_rows(folder, split, image=images[:, None].astype(np.float32) / 127.5 - 1, **extra)


def score_top1(scored: Scored) -> dict[str, float]:
    return {"top-1": measures.top1(scored.rows(), labels(scored.folder))}


def score_notes(scored: Scored) -> dict[str, float]:
    return {"notes": measures.notes(scored.rows("StatefulPartitionedCall:1"), labels(scored.folder))}


MODELS: tuple[Model, ...] = (
    Model("fashion", "fashion.onnx", make_fashion, score_top1),
    Model("resnet8", "01_resnet8_cifar10/resnet8_nchw.onnx", make_resnet8, score_top1),
    Model("silero", "05_silero_vad_lstm/silero_vad.onnx", make_silero_step, score_silero_step, separate=False),
    Model("silero-16k", "05_silero_vad_lstm/silero_vad_16k_op15.onnx", make_silero_step, score_silero_step, separate=False),
    Model("silero-sequence", "05_silero_vad_lstm/silero_vad_16k_sequence.onnx", make_silero_sequence, score_silero_sequence,
          separate=False),
    Model("basic-pitch", "06_basic_pitch/nmp.onnx", make_basic_pitch, score_notes),
    Model("minilm", "07_minilm_l6/minilm_l6_banking_vocab.onnx", make_minilm, score_minilm),
    Model("ppocr-det", "08_ppocr_det_cls/ch_PP-OCRv4_det_infer.onnx", make_text_detector, score_text_detector, separate=False),
    Model("ppocr-cls", "08_ppocr_det_cls/ch_ppocr_mobile_v2.0_cls_infer.onnx", make_text_direction, score_top1,
          separate=False),
    Model("efficientnet-lite0", "09_efficientnet_lite0/efficientnet_lite0.onnx", make_efficientnet, score_top1,
          separate=False),
    Model("fsdd-gru", "11_fsdd_gru/fsdd_gru.onnx", make_gru, score_top1),
    Model("magika", "12_magika/model.onnx", make_magika, score_top1, separate=False),
    Model("vit", "13_vit_fmnist/vit_fmnist.onnx", make_vit, score_top1),
)


def chosen(names: list[str]) -> list[Model]:
    """The models named on the command line, or all."""
    unknown = set(names) - {model.name for model in MODELS}
    if unknown:
        raise SystemExit(f"unknown models {sorted(unknown)}; there are {[model.name for model in MODELS]}")
    return [model for model in MODELS if not names or model.name in names]


def check_each(names: list[str], what: str, check: Callable[[Model, Checks], None]) -> int:
    """Checks the models named on the command line, or all; the exit code. Models that are not there are skipped."""
    checks = Checks()
    for model in chosen(names):
        if model.missing:
            checks.skip(f"{what} of {model.name}", model.missing)
        else:
            checks.guard(model.name, lambda model=model: check(model, checks))
    return checks.finish()


@functools.cache
def float_outputs(model: Model) -> list[Outputs]:
    """What onnxruntime computes for the test data."""
    return runtime.run_all(runtime.session(model.path), feeds(data(model.prepared(), "test")))


def score(model: Model, file: Path, outputs: list[Outputs]) -> dict[str, float]:
    """The task's measures of `file`, a form of `model`, whose outputs for the test data are `outputs`."""
    step = runtime.step(runtime.session(file))
    return model.score(Scored(model.prepared(), model.path.parent, outputs, step))


if __name__ == "__main__":
    import sys

    for each in chosen(sys.argv[1:]):
        if each.missing:
            print(f"skipped {each.name}: {each.missing}")
        else:
            print(each.name, score(each, each.path, float_outputs(each)), flush=True)
