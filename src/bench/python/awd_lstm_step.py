"""Times an AWD-LSTM training step in PyTorch, for the comparison in docs/results.md.

    python3 awd_lstm_step.py f32|tf32|bf16 BATCH STEPS VOCABULARY HIDDEN REPEATS

400-H-H-400 with a tied decoder, all five dropouts, AR and TAR, clip and fused Adam. The recurrent weights are dropped anew
each step and handed to cuDNN as they are, as fastai v1 does.
"""

import sys
import time

import torch
import torch.nn.functional as F

mode = sys.argv[1]
B, T, V, H, repeats = (int(a) for a in sys.argv[2:7])
E = 400
torch.backends.cuda.matmul.allow_tf32 = mode == "tf32"
torch.backends.cudnn.allow_tf32 = mode == "tf32"
torch.manual_seed(1)
sizes = [(E, H), (H, H), (H, E)]


def uniform(bound, *shape):
    return torch.empty(shape, device="cuda").uniform_(-bound, bound).requires_grad_()


def mask(p, *shape, dtype=torch.float32):
    return torch.empty(shape, device="cuda", dtype=dtype).bernoulli_(1 - p).div_(1 - p)


def locked(x, p):
    return x * mask(p, 1, x.size(1), x.size(2), dtype=x.dtype)


embedding = uniform(0.1, V, E)
bias = torch.zeros(V, device="cuda", requires_grad=True)
layers = [[uniform(h**-0.5, *s) for s in ((4 * h, i), (4 * h, h), (4 * h,), (4 * h,))] for i, h in sizes]
parameters = [embedding, bias] + [p for layer in layers for p in layer]
adam = torch.optim.Adam(parameters, lr=1e-3, betas=(0.8, 0.99), fused=True)
x = torch.randint(V, (T, B)).pin_memory()
y = torch.randint(V, (T, B)).pin_memory()
state = [(torch.zeros(1, B, h, device="cuda"), torch.zeros(1, B, h, device="cuda")) for _, h in sizes]


def step():
    global state
    inputs, targets = x.to("cuda", non_blocking=True), y.to("cuda", non_blocking=True)
    adam.zero_grad(set_to_none=True)
    with torch.autocast("cuda", torch.bfloat16, enabled=mode == "bf16"):
        h = locked(F.embedding(inputs, embedding * mask(0.02, V, 1)), 0.25)
        carried = []
        for k, ((w_ih, w_hh, b_ih, b_hh), (h0, c0)) in enumerate(zip(layers, state)):
            weights = [w_ih, F.dropout(w_hh, 0.2), b_ih, b_hh]
            if mode == "bf16":
                weights = [w.bfloat16() for w in weights]
                h, h0, c0 = h.bfloat16(), h0.bfloat16(), c0.bfloat16()
            raw, hn, cn = torch._VF.lstm(h, (h0, c0), weights, True, 1, 0.0, True, False, False)
            carried.append((hn.detach(), cn.detach()))
            h = locked(raw, 0.15 if k < 2 else 0.1)
        state = carried
        logits = F.linear(h.view(T * B, E), embedding, bias)
    loss = F.cross_entropy(logits.float(), targets.view(-1))
    raw = raw.float()
    (loss + 2 * h.float().pow(2).mean() + (raw[1:] - raw[:-1]).pow(2).mean()).backward()
    torch.nn.utils.clip_grad_norm_(parameters, 0.25, foreach=True)
    adam.step()


times = []
for repeat in range(repeats + 3):
    torch.cuda.synchronize()
    start = time.perf_counter()
    step()
    torch.cuda.synchronize()
    if repeat >= 3:
        times.append((time.perf_counter() - start) * 1e3)
times.sort()
median = times[repeats // 2]
print(f"torch {torch.__version__} {mode}: median {median:.2f} ms, {B * T / median * 1e3:.0f} tokens/s")
