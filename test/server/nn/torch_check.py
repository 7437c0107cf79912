"""Loads a weights file of ours into PyTorch with strict names and prints its logits.

    python3 torch_check.py WEIGHTS.safetensors CASES.safetensors

CASES holds `input` [N, C, H, W] and, for a deep network, `slope` [1]: 1 minus the article's lambda. Prints one JSON
list of logits. Exits with 3 where torch or safetensors is missing."""

import json
import sys

try:
    import torch
    from safetensors import safe_open
    from safetensors.torch import load_file
except ImportError as error:
    print(error, file=sys.stderr)
    sys.exit(3)

from torch_vanillanet import VanillaNet

weights_path, cases_path = sys.argv[1:]
with safe_open(weights_path, "pt") as file:
    metadata = file.metadata()
state, cases = load_file(weights_path), load_file(cases_path)
activation = json.loads(metadata["activation"])
net = VanillaNet(
    dims=json.loads(metadata["dims"]),
    strides=json.loads(metadata["strides"]),
    classes=int(metadata["classes"]),
    channels=cases["input"].shape[1],
    stem_stride=int(metadata["stem_stride"]),
    kind=activation["kind"],
    n=activation.get("n", 0),
    eps=float(metadata["bn_eps"]),
    merged="stem.0.weight" in state,
)
# A file of ours has no num_batches_tracked; PyTorch itself puts 0 there, strict or not.
net.load_state_dict(state, strict=True)
net.double().eval()
net.slope = float(cases["slope"][0])
with torch.no_grad():
    print(json.dumps(net(cases["input"].double()).tolist()))
