"""Tacotron 2 (Shen et al. 2017) in NVIDIA's published layout: tensor names, sizes and order of operations.

Shapes: B batch, S symbols, T mel frames, r frames per decoder step, N = T / r decoder steps.
The config is the voice file's `tacotron2` section; missing names have the published value.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn

PUBLISHED = {
    "n_mel_channels": 80,
    "n_symbols": 148,
    "symbols_embedding_dim": 512,
    "encoder_kernel_size": 5,
    "encoder_n_convolutions": 3,
    "encoder_embedding_dim": 512,
    "n_frames_per_step": 1,
    "prenet_dim": 256,
    "attention_rnn_dim": 1024,
    "decoder_rnn_dim": 1024,
    "attention_dim": 128,
    "attention_location_n_filters": 32,
    "attention_location_kernel_size": 31,
    "postnet_embedding_dim": 512,
    "postnet_kernel_size": 5,
    "postnet_n_convolutions": 5,
    "p_prenet_dropout": 0.5,
    "gate_threshold": 0.5,
    "max_decoder_steps": 1000,
}


class LinearNorm(nn.Module):
    """A linear layer one level down, as the published names have it."""

    def __init__(self, inputs, outputs, bias=True, gain="linear"):
        super().__init__()
        self.linear_layer = nn.Linear(inputs, outputs, bias=bias)
        nn.init.xavier_uniform_(self.linear_layer.weight, nn.init.calculate_gain(gain))

    def forward(self, x):
        return self.linear_layer(x)


class ConvNorm(nn.Module):
    def __init__(self, inputs, outputs, taps, bias=True, gain="linear"):
        super().__init__()
        self.conv = nn.Conv1d(inputs, outputs, taps, padding=taps // 2, bias=bias)
        nn.init.xavier_uniform_(self.conv.weight, nn.init.calculate_gain(gain))

    def forward(self, x):
        return self.conv(x)


class Encoder(nn.Module):
    def __init__(self, c, dropout):
        super().__init__()
        size, taps = c["encoder_embedding_dim"], c["encoder_kernel_size"]
        inputs = [c["symbols_embedding_dim"]] + [size] * (c["encoder_n_convolutions"] - 1)
        self.convolutions = nn.ModuleList(
            nn.Sequential(ConvNorm(i, size, taps, gain="relu"), nn.BatchNorm1d(size)) for i in inputs
        )
        self.lstm = nn.LSTM(size, size // 2, 1, batch_first=True, bidirectional=True)
        self.dropout = dropout

    def forward(self, x, mask):
        """`[B, channels, S]`, mask `[B, S]` true on symbols -> memory `[B, S, size]`, zero on padding.

        Padding is zeroed before every convolution, so that an item of a batch comes out as it would alone.
        """
        keep = mask.unsqueeze(1)
        for convolution in self.convolutions:
            x = F.dropout(F.relu(convolution(x * keep)), self.dropout, self.training)
        return masked_bilstm(self.lstm, (x * keep).transpose(1, 2), mask)


def masked_bilstm(lstm, x, mask):
    """A bidirectional LSTM over right-padded `[B, S, size]` with static shapes (a packed sequence has none).

    The backward direction runs on each item reversed within its own length, so both directions start at
    the item's end, and what they make of the padding is thrown away.
    """
    B, S, size = x.shape
    lengths = mask.sum(1, keepdim=True)
    position = torch.arange(S, device=x.device).unsqueeze(0)
    reverse = torch.where(position < lengths, lengths - 1 - position, position).unsqueeze(2)
    weights = [[getattr(lstm, n + "_l0" + suffix) for n in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")] for suffix in ("", "_reverse")]
    ahead = lstm_sequence(x, weights[0])
    back = lstm_sequence(torch.gather(x, 1, reverse.expand(B, S, size)), weights[1])
    back = torch.gather(back, 1, reverse.expand(B, S, back.shape[2]))
    return torch.cat([ahead, back], dim=2) * mask.unsqueeze(2)


def lstm_sequence(x, weights):
    """One LSTM layer over `[B, S, inputs]` from zero state, in the fused kernel of the device and the type of `x`: what autocast
    does with this kernel depends on the device (on CUDA it was f16, also where bf16 is asked for)."""
    weights = [w.to(x.dtype) for w in weights]
    zero = x.new_zeros(1, x.shape[0], weights[1].shape[1])
    with torch.autocast(x.device.type, enabled=False):
        return torch._VF.lstm(x, (zero, zero), weights, True, 1, 0.0, torch.is_grad_enabled(), False, True)[0]


class Prenet(nn.Module):
    def __init__(self, inputs, size, dropout):
        super().__init__()
        self.layers = nn.ModuleList([LinearNorm(inputs, size, bias=False), LinearNorm(size, size, bias=False)])
        self.dropout = dropout

    def forward(self, x, dropout=True):
        """Dropout stays on at inference (paper, section 2.2); tests and golden values turn it off."""
        for layer in self.layers:
            x = F.dropout(F.relu(layer(x)), self.dropout, dropout)
        return x


class LocationLayer(nn.Module):
    def __init__(self, filters, taps, size):
        super().__init__()
        self.location_conv = ConvNorm(2, filters, taps, bias=False)
        self.location_dense = LinearNorm(filters, size, bias=False, gain="tanh")


class Attention(nn.Module):
    def __init__(self, c):
        super().__init__()
        size = c["attention_dim"]
        self.query_layer = LinearNorm(c["attention_rnn_dim"], size, bias=False, gain="tanh")
        self.memory_layer = LinearNorm(c["encoder_embedding_dim"], size, bias=False, gain="tanh")
        self.v = LinearNorm(size, 1, bias=False)
        self.location_layer = LocationLayer(c["attention_location_n_filters"], c["attention_location_kernel_size"], size)

    def begin(self, memory, mask):
        """What does not change from step to step: processed memory, weights in the arithmetic's type, the mask.

        The location convolution and its dense layer are one linear map of 2 x taps inputs.
        """
        location = self.location_layer
        taps = location.location_conv.conv.weight.flatten(1)  # [filters, 2 * taps]
        return {
            "memory": memory,
            "processed": self.memory_layer(memory),
            "location": torch.matmul(location.location_dense.linear_layer.weight, taps).t().to(memory.dtype),
            "query": self.query_layer.linear_layer.weight.t().to(memory.dtype),
            "v": self.v.linear_layer.weight.squeeze(0).to(memory.dtype),
            "floor": (~mask).float() * -1e4,  # added to energies, which are f32
            "reach": location.location_conv.conv.weight.shape[2] // 2,
        }

    @staticmethod
    def step(fixed, hidden, weights, cumulative):
        """Attention weights `[B, S]` of a decoder step; the published order: previous weights, then their sum."""
        reach = fixed["reach"]
        past = F.pad(torch.stack([weights, cumulative], dim=1), (reach, reach)).unfold(2, 2 * reach + 1, 1)
        past = past.transpose(1, 2).flatten(2).to(fixed["memory"].dtype)  # [B, S, 2 * taps]
        query = torch.matmul(hidden, fixed["query"]).unsqueeze(1)
        hidden = torch.tanh(query + torch.matmul(past, fixed["location"]) + fixed["processed"])
        energies = torch.matmul(hidden, fixed["v"]).float() + fixed["floor"]
        return torch.softmax(energies, dim=1)


class DeferredWeight(torch.autograd.Function):
    """Adds `inputs @ weight.T` to the gradient of a recurrent weight once, not at every step.

    `gates[t] = before[t] + inputs[t] @ weight.detach().T`: the gradient of `before` is that of the gates of all
    steps, so the weight's gradient is one product at the end. `inputs` is a list that the loop fills.
    """

    @staticmethod
    def forward(ctx, before, weight, inputs):
        ctx.inputs = inputs
        ctx.weight_dtype = weight.dtype
        return before.view_as(before)

    @staticmethod
    def backward(ctx, gradient):
        inputs = torch.stack(ctx.inputs).flatten(0, 1).to(gradient.dtype)
        weight = torch.matmul(gradient.flatten(0, 1).t(), inputs).to(ctx.weight_dtype)
        return gradient, weight, None


def lstm_cell(gates, cell):
    """Hidden and cell state from the four gates (order i, f, g, o); the cell state is carried in f32."""
    i, f, g, o = gates.float().chunk(4, dim=1)
    cell = torch.sigmoid(f) * cell + torch.sigmoid(i) * torch.tanh(g)
    return (torch.sigmoid(o) * torch.tanh(cell)).to(gates.dtype), cell


def attention_step(fixed, recurrent, gates, joined, cell, weights, cumulative, drop, target, mix):
    """The part of a decoder step that feeds the next one; pure, so that torch.compile can fuse it.

    Returns (hidden, cell, own attention, attention that was used, its sum so far, context)."""
    hidden, cell = lstm_cell(torch.addmm(gates, joined, recurrent), cell)
    hidden = hidden * drop
    own = weights = Attention.step(fixed, hidden, weights, cumulative)
    if target is not None:  # `mix` may be a tensor (a captured graph reads it from memory)
        weights = weights + mix * (target - weights)
    context = torch.bmm(weights.unsqueeze(1).to(fixed["memory"].dtype), fixed["memory"]).squeeze(1)
    return hidden, cell, own, weights, cumulative + weights, context


class Decoder(nn.Module):
    attention_step = staticmethod(attention_step)  # may be replaced by a compiled one

    def compile(self):
        """Fuses the small operations of a decoder step, where this PyTorch can."""
        if hasattr(torch, "compile"):
            torch._dynamo.config.cache_size_limit = 64
            self.attention_step = torch.compile(attention_step, dynamic=False)

    def __init__(self, c, dropout):
        super().__init__()
        memory, attention, decoder = c["encoder_embedding_dim"], c["attention_rnn_dim"], c["decoder_rnn_dim"]
        self.r, self.bands, self.dropout = c["n_frames_per_step"], c["n_mel_channels"], dropout
        frames = self.bands * self.r
        self.prenet = Prenet(frames, c["prenet_dim"], c["p_prenet_dropout"])
        self.attention_rnn = nn.LSTMCell(c["prenet_dim"] + memory, attention)
        self.attention_layer = Attention(c)
        self.decoder_rnn = nn.LSTMCell(attention + memory, decoder)
        self.linear_projection = LinearNorm(decoder + memory, frames)
        self.gate_layer = LinearNorm(decoder + memory, 1, gain="sigmoid")

    def forward(self, memory, mask, mels, target=None, mix=0.0, dropout=True):
        """Teacher forcing. memory `[B, S, size]`, mask `[B, S]`, mels `[B, T, bands]`, T a multiple of r.

        With `target` `[B, N, S]` and `mix` > 0 the context is read with (1 - mix) of the network's own weights
        and mix of the known alignment; `mix` falls from 1 to 0 in the first steps of training, and the attention
        never has to be found by chance (pre-aligned guided attention, Zhu et al. 2019).
        Returns mels `[B, T, bands]`, gate logits `[B, N]`, the network's own attention `[B, N, S]`.

        The decoder LSTM feeds nothing back into the loop, so it runs afterwards over all steps at once; its
        dropout is therefore not carried from step to step as it was in the published code.
        """
        B, T, bands = mels.shape
        steps = T // self.r
        previous = mels.reshape(B, steps, self.r * bands)
        previous = F.pad(previous, (0, 0, 1, 0))[:, :-1]
        prenet = self.prenet(previous, dropout)
        cell_rnn, attend = self.attention_rnn, self.attention_layer
        size = prenet.shape[2]
        recurrent = torch.cat([cell_rnn.weight_ih[:, size:], cell_rnn.weight_hh], dim=1)  # [4R, memory + R]
        inputs = []
        gates = F.linear(prenet, cell_rnn.weight_ih[:, :size], cell_rnn.bias_ih + cell_rnn.bias_hh)
        gates = DeferredWeight.apply(gates.transpose(0, 1).contiguous(), recurrent, inputs).unbind(0)
        recurrent = recurrent.detach().t().to(gates[0].dtype).contiguous()

        fixed = attend.begin(memory.to(gates[0].dtype), mask)
        hidden = gates[0].new_zeros(B, cell_rnn.hidden_size)
        cell = torch.zeros(B, cell_rnn.hidden_size, device=memory.device)
        context = gates[0].new_zeros(B, memory.shape[2])
        weights = cumulative = torch.zeros(B, memory.shape[1], device=memory.device)
        target = target.unbind(1) if target is not None else None
        drop = [1.0] * steps
        if self.training and self.dropout > 0:
            drop = F.dropout(gates[0].new_ones(steps, B, cell_rnn.hidden_size), self.dropout).unbind(0)
        hiddens, contexts, attention = [], [], []
        for t in range(steps):
            joined = torch.cat([context, hidden], dim=1)
            inputs.append(joined.detach())
            hidden, cell, own, weights, cumulative, context = self.attention_step(
                fixed, recurrent, gates[t], joined, cell, weights, cumulative, drop[t], target[t] if target is not None else None, mix
            )
            attention.append(own)
            hiddens.append(hidden)
            contexts.append(context)
        contexts = torch.stack(contexts, dim=1)
        rnn = self.decoder_rnn
        decoded = torch.cat([torch.stack(hiddens, dim=1), contexts], dim=2)
        decoded = lstm_sequence(decoded, [rnn.weight_ih, rnn.weight_hh, rnn.bias_ih, rnn.bias_hh])
        decoded = torch.cat([F.dropout(decoded, self.dropout, self.training), contexts.to(decoded.dtype)], dim=2)
        mels = self.linear_projection(decoded).float().reshape(B, T, bands)
        return mels, self.gate_layer(decoded).float().squeeze(2), torch.stack(attention, dim=1)

    @torch.no_grad()
    def infer(self, memory, mask, max_steps, threshold=0.5, dropout=True, fixed_steps=None):
        """Free running. Returns mels `[B, T, bands]`, gate logits `[B, N]`, attention `[B, N, S]`, steps `[B]`.

        The step on which the gate fires is not counted. `steps` is `max_steps` where it never fired.
        """
        B = memory.shape[0]
        fixed = self.attention_layer.begin(memory, mask)
        zeros = lambda size: torch.zeros(B, size, device=memory.device)
        h1 = c1 = zeros(self.attention_rnn.hidden_size)
        h2 = c2 = zeros(self.decoder_rnn.hidden_size)
        context, frame = zeros(memory.shape[2]), zeros(self.bands * self.r)
        weights = cumulative = zeros(memory.shape[1])
        frames, gates, attention = [], [], []
        running = torch.ones(B, dtype=torch.bool, device=memory.device)
        steps = torch.zeros(B, dtype=torch.long, device=memory.device)
        for _ in range(fixed_steps or max_steps):
            h1, c1 = self.attention_rnn(torch.cat([self.prenet(frame, dropout), context], dim=1), (h1, c1))
            weights = self.attention_layer.step(fixed, h1, weights, cumulative)
            cumulative = cumulative + weights
            context = torch.bmm(weights.unsqueeze(1), memory).squeeze(1)
            h2, c2 = self.decoder_rnn(torch.cat([h1, context], dim=1), (h2, c2))
            joined = torch.cat([h2, context], dim=1)
            frame = self.linear_projection(joined)
            gate = self.gate_layer(joined).squeeze(1)
            frames.append(frame)
            gates.append(gate)
            attention.append(weights)
            if fixed_steps is None:
                running = running & (torch.sigmoid(gate) <= threshold)
                steps = steps + running
                if not bool(running.any()):
                    break
            else:
                steps = steps + 1
        mels = torch.stack(frames, dim=1).reshape(B, -1, self.bands)
        return mels, torch.stack(gates, dim=1), torch.stack(attention, dim=1), steps


class Postnet(nn.Module):
    def __init__(self, c, dropout):
        super().__init__()
        size, count = c["postnet_embedding_dim"], c["postnet_n_convolutions"]
        sizes = [c["n_mel_channels"]] + [size] * (count - 1) + [c["n_mel_channels"]]
        self.convolutions = nn.ModuleList(
            nn.Sequential(
                ConvNorm(sizes[i], sizes[i + 1], c["postnet_kernel_size"], gain="tanh" if i < count - 1 else "linear"),
                nn.BatchNorm1d(sizes[i + 1]),
            )
            for i in range(count)
        )
        self.dropout = dropout

    def forward(self, mels, keep):
        """`[B, T, bands]`, keep `[B, T, 1]` -> the residual `[B, T, bands]`; padding is zero before every convolution."""
        x, keep = mels.transpose(1, 2), keep.transpose(1, 2)
        for convolution in self.convolutions[:-1]:
            x = F.dropout(torch.tanh(convolution(x)), self.dropout, self.training) * keep
        return F.dropout(self.convolutions[-1](x), self.dropout, self.training).transpose(1, 2)


class Tacotron2(nn.Module):
    """`dropout` are the rates in training of encoder, decoder LSTMs and postnet; published: 0.5, 0.1, 0.5."""

    def __init__(self, config, dropout=(0.5, 0.1, 0.5)):
        super().__init__()
        c = self.config = {**PUBLISHED, **config}
        self.embedding = nn.Embedding(c["n_symbols"], c["symbols_embedding_dim"])
        bound = math.sqrt(3.0) * math.sqrt(2.0 / (c["n_symbols"] + c["symbols_embedding_dim"]))
        nn.init.uniform_(self.embedding.weight, -bound, bound)
        self.encoder = Encoder(c, dropout[0])
        self.decoder = Decoder(c, dropout[1])
        self.postnet = Postnet(c, dropout[2])

    def encode(self, symbols, lengths):
        mask = torch.arange(symbols.shape[1], device=symbols.device).unsqueeze(0) < lengths.unsqueeze(1)
        return self.encoder(self.embedding(symbols).transpose(1, 2), mask), mask

    def forward(self, symbols, lengths, mels, frames, target=None, mix=0.0, dropout=True):
        """symbols `[B, S]`, lengths `[B]`, mels `[B, T, bands]` and their frames `[B]` -> decoder mels, postnet
        mels (both zero beyond each item's frames), gate logits `[B, N]`, attention `[B, N, S]`."""
        memory, mask = self.encode(symbols, lengths)
        before, gates, attention = self.decoder(memory, mask, mels, target, mix, dropout)
        keep = (torch.arange(mels.shape[1], device=mels.device).unsqueeze(0) < frames.unsqueeze(1)).unsqueeze(2)
        before = before * keep
        after = (before + self.postnet(before, keep).float()) * keep
        return before, after, gates, attention

    @torch.no_grad()
    def infer(self, symbols, lengths, dropout=True, fixed_steps=None, threshold=None, max_steps=None):
        """Symbols -> mels before and after the postnet `[B, T, bands]`, gate logits, attention, frames `[B]`."""
        memory, mask = self.encode(symbols, lengths)
        limit = max_steps or self.config["max_decoder_steps"]
        before, gates, attention, steps = self.decoder.infer(
            memory, mask, limit, self.config["gate_threshold"] if threshold is None else threshold, dropout, fixed_steps
        )
        frames = steps * self.decoder.r
        keep = (torch.arange(before.shape[1], device=before.device).unsqueeze(0) < frames.unsqueeze(1)).unsqueeze(2)
        before = before * keep  # a batch comes out as its items would alone
        return before, (before + self.postnet(before, keep)) * keep, gates, attention, frames
