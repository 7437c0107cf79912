"""The same training in PyTorch, eager and in float32: requests on stdin, one JSON object a line (protocol.ts). The
arguments are the memory format, `contiguous` (NCHW) or `channels_last` (NHWC), and the device: `cpu`, which it is where
it is left out, `cuda` or `mps`.

On a GPU a step uploads its batch, as workload.ts does, on CUDA from pinned memory. The loss is read by .item(), except
on CUDA: there it would make the GPU wait in every step, and the other side (server/training/readings.ts) lets two
losses be unread while the next steps are queued. So it is here, and all are read before a window ends."""

import json
import platform
import sys
import time
from collections import deque
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parent.parent / "server" / "nn"))
from torch_vanillanet import VanillaNet  # noqa: E402

FORMAT = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}[sys.argv[1]]
DEVICE = sys.argv[2] if len(sys.argv) > 2 else "cpu"
GPUS = [name for name, there in (("cuda", torch.cuda.is_available()), ("mps", torch.backends.mps.is_available())) if there]
if DEVICE not in ["cpu", *GPUS]:
    sys.exit(f"device '{DEVICE}' is not there; valid are {', '.join(['cpu', *GPUS])}")

# The first steps on a GPU load kernels, choose among them and fill the pools of memory.
WARM_STEPS = 4 if DEVICE == "cpu" else 30
UNREAD_STEPS = 2

# By default cuDNN may round the factors of float32 convolutions to the 10 bits of TF32, so that tensor cores can take
# them. No other engine here does so, and what is measured is to be the same work: float32 is float32. Everything else
# stays as PyTorch has it, the choice of cuDNN's algorithms without trying them out (cudnn.benchmark) included.
if DEVICE == "cuda":
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False

WORDS = {
    "cpu": lambda: f"{torch.get_num_threads()} threads",
    "cuda": lambda: f"{torch.cuda.get_device_name()}, float32 without TF32",
    "mps": lambda: "Metal, float32",
}
SYNCHRONISE = {"cpu": lambda: None, "cuda": torch.cuda.synchronize, "mps": torch.mps.synchronize}[DEVICE]


class Reader:
    """Reads the loss and the number of correct images of each step."""

    def __init__(self):
        self.unread = deque()
        if DEVICE == "cuda":
            self.free = [(torch.empty(2, pin_memory=True), torch.cuda.Event()) for _ in range(UNREAD_STEPS + 1)]

    def add(self, loss, correct):
        if DEVICE != "cuda":
            loss.item(), correct.item()
            return
        values, copied = self.free.pop()
        values.copy_(torch.stack((loss.detach(), correct.to(loss.dtype))), non_blocking=True)
        copied.record()
        self.unread.append((values, copied))
        self.take(UNREAD_STEPS)

    def take(self, left):
        """The oldest ones, until at most `left` are unread."""
        while len(self.unread) > left:
            values, copied = self.unread.popleft()
            copied.synchronize()
            values.tolist()
            self.free.append((values, copied))


class Workload:
    def __init__(self, request):
        torch.manual_seed(1)
        self.net = VanillaNet(
            request["dims"], request["strides"], 10, stem_stride=request["stemStride"], n=request["n"], eps=request["eps"]
        )
        for parameter in self.net.parameters():
            if parameter.dim() > 1:
                torch.nn.init.normal_(parameter, std=0.02)
        self.net.slope = 0.5
        self.net = self.net.to(DEVICE, memory_format=FORMAT)
        decayed = [p for p in self.net.parameters() if p.dim() > 1]
        plain = [p for p in self.net.parameters() if p.dim() <= 1]
        groups = [{"params": decayed, "weight_decay": 0.05}, {"params": plain, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, lr=1e-4)
        x = torch.randn(request["batchSize"], 3, 32, 32).contiguous(memory_format=FORMAT)
        labels = torch.randint(0, 10, (request["batchSize"],))
        self.batch = [t.pin_memory() if DEVICE == "cuda" else t for t in (x, labels)]
        self.reader = Reader()
        for _ in range(WARM_STEPS):
            self.step()
        self.reader.take(0)

    def step(self):
        x, labels = (t.to(DEVICE, non_blocking=DEVICE == "cuda") for t in self.batch)
        logits = self.net(x)
        loss = torch.nn.functional.cross_entropy(logits, labels, label_smoothing=0.1)
        correct = (logits.argmax(1) == labels).sum()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        self.net.taps.clear()
        self.reader.add(loss, correct)

    def window(self, seconds):
        SYNCHRONISE()
        begin, cpu, steps = time.perf_counter(), time.process_time(), 0
        while steps < 2 or time.perf_counter() - begin < seconds:
            self.step()
            steps += 1
        self.reader.take(0)
        SYNCHRONISE()
        return {
            "count": steps,
            "seconds": time.perf_counter() - begin,
            "cpuSeconds": time.process_time() - cpu,
        }


def say(message):
    print(json.dumps(message), flush=True)


say(
    {
        "device": WORDS[DEVICE](),
        "version": f"PyTorch {torch.__version__}, Python {platform.python_version()}",
        "gpu": GPUS[0] if GPUS else None,
    }
)
workload = None
for line in sys.stdin:
    request = json.loads(line)
    if request["do"] == "prepare":
        workload = Workload(request)
        say({"parameters": sum(p.numel() for p in workload.net.parameters())})
    elif request["do"] == "window":
        say(workload.window(request["seconds"]))
    else:
        say({"error": f"unknown request {request['do']}"})
