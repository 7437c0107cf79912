"""Makes the golden values beside this file: PyTorch in float64, stored as float32.

    python3 test/server/nn/golden/make.py       (needs torch, numpy and safetensors)

Three small networks that differ in all that can differ: widths, strides (1, 2 and 3, with and without a remainder),
stem stride, input size, series number and form. The files are laid out as the parity command reads them."""

import copy
import json
import pathlib
import sys

import torch
from safetensors.torch import save_file
from torch.nn import functional as F

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from torch_vanillanet import VanillaNet, merged_state  # noqa: E402

NETWORKS = {
    "series": dict(dims=[4, 6, 5], strides=[1, 2], classes=4, channels=3, stem_stride=4, kind="series", n=1, eps=1e-6),
    "shifted": dict(dims=[3, 5], strides=[3], classes=3, channels=2, stem_stride=2, kind="shifted", n=3, eps=1e-5),
    "relu": dict(dims=[3, 4], strides=[2], classes=3, channels=1, stem_stride=1, kind="relu", n=0, eps=1e-3),
}
SIZES = {"series": 21, "shifted": 10, "relu": 7}
EVALUATED = {"series": ["0.4", "1.0"], "shifted": ["0.25"], "relu": ["0.25"]}
TRAINED = {"series": ["0.4"], "shifted": ["0.25"], "relu": ["0.25"]}


def rounded(tensor):
    """The float32 value that is stored, in float64: both sides then compute from the same numbers."""
    return tensor.float().double()


def randomize(net, generator):
    for name, tensor in net.state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue
        noise = torch.randn(tensor.shape, generator=generator, dtype=torch.float64)
        if name.endswith("running_var"):
            noise = 0.5 + noise.abs()
        elif tensor.dim() == 1 and name.endswith("weight"):
            noise = 1 + 0.3 * noise
        elif tensor.dim() == 4:
            noise = noise / (tensor[0].numel() ** 0.5)
        else:
            noise = 0.3 * noise
        tensor.copy_(rounded(noise))


def make(name, options):
    generator = torch.Generator().manual_seed(20230522)
    net = VanillaNet(**options).double()
    with torch.no_grad():
        randomize(net, generator)
    size, batch = SIZES[name], 2
    shape = (batch, options["channels"], size, size)
    images = rounded(torch.randn(shape, generator=generator, dtype=torch.float64))
    labels = torch.randint(0, options["classes"], (batch,), generator=generator)
    cases = {"input": images, "labels": labels.int()}

    for slope in EVALUATED[name]:
        net.eval()
        net.slope = float(slope)
        with torch.no_grad():
            net(images)
        cases.update({f"eval/act_learn={slope}/{tap}": value for tap, value in net.taps.items()})

    for slope in TRAINED[name]:
        trained = copy.deepcopy(net).train()
        trained.slope = float(slope)
        loss = F.cross_entropy(trained(images), labels)
        loss.backward()
        at = f"train/act_learn={slope}"
        cases[f"{at}/loss"] = loss.detach().view(1)
        cases.update({f"{at}/grad/{key}": p.grad for key, p in trained.named_parameters()})
        cases.update({f"{at}/after/{key}": b for key, b in trained.named_buffers() if "running" in key})

    merged = VanillaNet(**options, merged=True).double().eval()
    merged.load_state_dict(merged_state(net), strict=True)
    with torch.no_grad():
        merged(images)
        net.slope = 1.0
        difference = (merged.taps["logits"] - net(images)).abs().max().item()
    cases.update({f"deploy/weights/{key}": value for key, value in merged.state_dict().items()})
    cases.update({f"deploy/{tap}": value for tap, value in merged.taps.items()})
    print(f"{name}: merged and deep logits differ by {difference:.1e}")

    metadata = {
        "dims": json.dumps(options["dims"]),
        "strides": json.dumps(options["strides"]),
        "bn_eps": repr(options["eps"]),
        "stem_stride": str(options["stem_stride"]),
    }
    if options["kind"] == "series":
        metadata["act_num"] = str(options["n"])
    stored = lambda t: t.contiguous().float() if t.is_floating_point() else t.contiguous()
    save_file({k: stored(v) for k, v in net.state_dict().items()}, HERE / f"{name}.model.safetensors", metadata)
    save_file({k: stored(v) for k, v in cases.items()}, HERE / f"{name}.cases.safetensors")


if __name__ == "__main__":
    for name, options in NETWORKS.items():
        make(name, options)
