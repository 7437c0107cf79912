"""Computes server/engine/selftest.json with PyTorch in float64: an oracle independent of tfjs.

    python3 test/server/engine/selftest_reference.py > server/engine/selftest.json

One training step of a VanillaNet-like block: 4x4 stride-4 stem, BN, annealed activation at lambda 0.25, 1x1
convolution, BN, max-pooling, series activation, average pooling, 1x1 classifier, mean cross-entropy. Inputs are
fixed by a formula that server/engine/selftest.ts shares; tensors are generated in tfjs layout (NHWC, HWIO).
"""

import json

import torch
import torch.nn.functional as F

EPSILON = 1e-5
LAMBDA = 0.25
RATE = 0.1


def pattern(shape, seed):
    """Values in [-1, 1), the same in both languages to the last bit."""
    count = 1
    for side in shape:
        count *= side
    values = [((i * 7919 + seed * 104729) % 2003) / 1001.5 - 1 for i in range(count)]
    return torch.tensor(values, dtype=torch.float64).reshape(shape)


x = pattern((4, 32, 32, 3), 1)
labels = torch.tensor([0, 3, 1, 4])
shapes = {
    "stem": ((4, 4, 3, 8), 2, 0.3, 0),
    "gamma0": ((8,), 3, 0.2, 1),
    "beta0": ((8,), 4, 0.2, 0),
    "conv": ((1, 1, 8, 12), 5, 0.5, 0),
    "gamma1": ((12,), 6, 0.2, 1),
    "beta1": ((12,), 7, 0.2, 0),
    "series": ((3, 3, 12, 1), 8, 0.4, 0),
    "gamma2": ((12,), 9, 0.2, 1),
    "beta2": ((12,), 10, 0.2, 0),
    "head": ((1, 1, 12, 5), 11, 4, 0),
}
weights = {
    name: (pattern(shape, seed) * scale + offset).requires_grad_()
    for name, (shape, seed, scale, offset) in shapes.items()
}


def loss_of(w):
    def bn(z, i):
        return F.batch_norm(z, None, None, w[f"gamma{i}"], w[f"beta{i}"], training=True, eps=EPSILON)

    def oihw(name):
        return w[name].permute(3, 2, 0, 1)

    z = bn(F.conv2d(x.permute(0, 3, 1, 2), oihw("stem"), stride=4), 0)
    z = F.leaky_relu(z, 1 - LAMBDA)
    z = F.max_pool2d(bn(F.conv2d(z, oihw("conv")), 1), 2)
    z = F.conv2d(F.relu(z), w["series"].permute(2, 3, 0, 1), padding=1, groups=12)
    z = bn(z, 2).mean(dim=(2, 3), keepdim=True)
    return F.cross_entropy(F.conv2d(z, oihw("head")).flatten(1), labels)


loss = loss_of(weights)
loss.backward()
after = loss_of({name: (w - RATE * w.grad).detach() for name, w in weights.items()})


def rounded(tensor):
    return [float(f"{value:.8g}") for value in tensor.detach().flatten().tolist()]


print(
    json.dumps(
        {
            "loss": float(f"{loss.item():.10g}"),
            "lossAfterStep": float(f"{after.item():.10g}"),
            "gradients": {name: rounded(w.grad) for name, w in weights.items()},
        }
    )
)
