"""VanillaNet in plain PyTorch, only as much as the tests compare with: the layers of arXiv 2305.12972 under the
parameter names of the reference implementation, with taps. Channels first, as PyTorch has them."""

import torch
from torch import nn
from torch.nn import functional as F

STEM_PADDING = {4: (0, 0), 2: (1, 1), 1: (1, 2)}


class Series(nn.Module):
    """ReLU, depthwise convolution, batch normalisation (section 3.2, eq. 6)."""

    def __init__(self, channels, n, eps, merged):
        super().__init__()
        self.n = n
        self.weight = nn.Parameter(torch.empty(channels, 1, 2 * n + 1, 2 * n + 1))
        if merged:
            self.bias = nn.Parameter(torch.empty(channels))
        else:
            self.bn = nn.BatchNorm2d(channels, eps=eps)
        self.merged = merged

    def forward(self, x):
        y = F.conv2d(F.relu(x), self.weight, padding=self.n, groups=x.shape[1])
        return y + self.bias.view(1, -1, 1, 1) if self.merged else self.bn(y)


class Shifted(nn.Module):
    """Sum of shifted and scaled ReLUs of each channel, batch normalisation (section 3.2, eq. 5)."""

    def __init__(self, channels, n, eps, merged):
        super().__init__()
        self.scale = nn.Parameter(torch.empty(n, channels))
        self.shift = nn.Parameter(torch.empty(n, channels))
        if merged:
            self.bias = nn.Parameter(torch.empty(channels))
        else:
            self.bn = nn.BatchNorm2d(channels, eps=eps)
        self.merged = merged

    def forward(self, x):
        row = lambda t: t.view(1, -1, 1, 1)
        y = sum(row(a) * F.relu(x + row(b)) for a, b in zip(self.scale, self.shift))
        return y + row(self.bias) if self.merged else self.bn(y)


def activation(kind, channels, n, eps, merged):
    if kind == "relu":
        return nn.ReLU()
    return (Series if kind == "series" else Shifted)(channels, n, eps, merged)


class PadConv(nn.Conv2d):
    """The stem's 4x4 convolution, padded by hand: stride 1 needs one more after than before."""

    def __init__(self, inputs, outputs, stride):
        super().__init__(inputs, outputs, 4, stride=stride)
        before, after = STEM_PADDING[stride]
        self.pad = (before, after, before, after)

    def forward(self, x):
        return super().forward(F.pad(x, self.pad))


class Stage(nn.Module):
    def __init__(self, inputs, outputs, stride, kind, n, eps, merged):
        super().__init__()
        if merged:
            self.conv = nn.Conv2d(inputs, outputs, 1)
        else:
            self.conv1 = nn.Sequential(nn.Conv2d(inputs, inputs, 1), nn.BatchNorm2d(inputs, eps=eps))
            self.conv2 = nn.Sequential(nn.Conv2d(inputs, outputs, 1), nn.BatchNorm2d(outputs, eps=eps))
        self.stride = stride
        self.act = activation(kind, outputs, n, eps, merged)


class VanillaNet(nn.Module):
    """`slope` is the negative slope between the convolutions of a pair: act_learn, or 1 minus the article's lambda."""

    def __init__(self, dims, strides, classes, channels=3, stem_stride=4, kind="series", n=3, eps=1e-6, merged=False):
        super().__init__()
        self.merged, self.slope, self.taps = merged, 0.0, {}
        act = lambda width: activation(kind, width, n, eps, merged)
        if merged:
            self.stem = nn.Sequential(PadConv(channels, dims[0], stem_stride), act(dims[0]))
            self.cls = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Identity(), nn.Conv2d(dims[-1], classes, 1))
        else:
            self.stem1 = nn.Sequential(PadConv(channels, dims[0], stem_stride), nn.BatchNorm2d(dims[0], eps=eps))
            self.stem2 = nn.Sequential(
                nn.Conv2d(dims[0], dims[0], 1), nn.BatchNorm2d(dims[0], eps=eps), act(dims[0])
            )
            self.cls1 = nn.Sequential(
                nn.AdaptiveAvgPool2d(1),
                nn.Identity(),
                nn.Conv2d(dims[-1], classes, 1),
                nn.BatchNorm2d(classes, eps=eps),
            )
            self.cls2 = nn.Sequential(nn.Conv2d(classes, classes, 1))
        self.stages = nn.ModuleList(
            Stage(dims[i], dims[i + 1], stride, kind, n, eps, merged) for i, stride in enumerate(strides)
        )

    def tap(self, name, value):
        self.taps[name] = value.detach()
        return value

    def forward(self, x):
        anneal = lambda v: F.leaky_relu(v, self.slope)
        if self.merged:
            x = self.tap("stem.out", self.stem(x))
        else:
            x = self.tap("stem.pre", self.stem1(x))
            x = self.tap("stem.conv2", self.stem2[1](self.stem2[0](anneal(x))))
            x = self.tap("stem.out", self.stem2[2](x))
        for i, stage in enumerate(self.stages):
            if self.merged:
                x = stage.conv(x)
            else:
                x = stage.conv2(anneal(self.tap(f"stages.{i}.pre", stage.conv1(x))))
            self.tap(f"stages.{i}.conv2", x)
            if stage.stride > 1:
                x = F.max_pool2d(x, stage.stride)
            self.tap(f"stages.{i}.pool", x)
            x = self.tap(f"stages.{i}.out", stage.act(x))
        if self.merged:
            x = self.cls(x)
        else:
            x = self.cls2(anneal(self.tap("head.pre", self.cls1(x))))
        return self.tap("logits", x.flatten(1))


def folded(weight, bias, bn):
    """Weight [O, ...] and bias of a convolution with its batch normalisation folded in."""
    scale = bn.weight / torch.sqrt(bn.running_var + bn.eps)
    shape = [-1] + [1] * (weight.dim() - 1)
    return weight * scale.view(shape), (bias - bn.running_mean) * scale + bn.bias


def merged_state(net):
    """State of the merged network, from that of the deep one: W = W2 W1, b = W2 b1 + b2."""

    def pair(first, second):
        (w1, b1), (w2, b2) = first, second
        matrix = w2[:, :, 0, 0]
        return torch.einsum("om,mijk->oijk", matrix, w1), matrix @ b1 + b2

    def conv(sequence, at):
        layer = sequence[at]
        has_norm = at + 1 < len(sequence) and isinstance(sequence[at + 1], nn.BatchNorm2d)
        return folded(layer.weight, layer.bias, sequence[at + 1]) if has_norm else (layer.weight, layer.bias)

    state = {}

    def put(name, weights):
        state[f"{name}.weight"], state[f"{name}.bias"] = (t.detach().clone() for t in weights)

    def put_activation(name, act):
        if isinstance(act, Series):
            put(name, folded(act.weight, torch.zeros_like(act.bn.bias), act.bn))
        elif isinstance(act, Shifted):
            scale = act.bn.weight / torch.sqrt(act.bn.running_var + act.bn.eps)
            state[f"{name}.scale"] = (act.scale * scale).detach().clone()
            state[f"{name}.shift"] = act.shift.detach().clone()
            state[f"{name}.bias"] = (act.bn.bias - act.bn.running_mean * scale).detach().clone()

    put("stem.0", pair(conv(net.stem1, 0), conv(net.stem2, 0)))
    put_activation("stem.1", net.stem2[2])
    for i, stage in enumerate(net.stages):
        put(f"stages.{i}.conv", pair(conv(stage.conv1, 0), conv(stage.conv2, 0)))
        put_activation(f"stages.{i}.act", stage.act)
    put("cls.2", pair(conv(net.cls1, 2), conv(net.cls2, 0)))
    return state
