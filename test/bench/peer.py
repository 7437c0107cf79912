"""The same training in PyTorch: requests on stdin, one JSON object a line (protocol.ts). The argument is the memory
format, `contiguous` (NCHW) or `channels_last` (NHWC)."""

import json
import platform
import sys
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parent.parent / "server" / "nn"))
from torch_vanillanet import VanillaNet  # noqa: E402

FORMAT = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}[sys.argv[1]]
WARM_STEPS = 4


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
        self.net = self.net.to(memory_format=FORMAT)
        decayed = [p for p in self.net.parameters() if p.dim() > 1]
        plain = [p for p in self.net.parameters() if p.dim() <= 1]
        groups = [{"params": decayed, "weight_decay": 0.05}, {"params": plain, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, lr=1e-4)
        self.x = torch.randn(request["batchSize"], 3, 32, 32).contiguous(memory_format=FORMAT)
        self.labels = torch.randint(0, 10, (request["batchSize"],))
        for _ in range(WARM_STEPS):
            self.step()

    def step(self):
        logits = self.net(self.x)
        loss = torch.nn.functional.cross_entropy(logits, self.labels, label_smoothing=0.1)
        correct = (logits.argmax(1) == self.labels).sum()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        self.net.taps.clear()
        return loss.item(), correct.item()

    def window(self, seconds):
        begin, cpu, steps = time.perf_counter(), time.process_time(), 0
        while steps < 2 or time.perf_counter() - begin < seconds:
            self.step()
            steps += 1
        return {
            "count": steps,
            "seconds": time.perf_counter() - begin,
            "cpuSeconds": time.process_time() - cpu,
        }


def say(message):
    print(json.dumps(message), flush=True)


say(
    {
        "device": f"{torch.get_num_threads()} threads",
        "version": f"PyTorch {torch.__version__}, Python {platform.python_version()}",
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
