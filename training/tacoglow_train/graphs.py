"""A training step as a CUDA graph, one for each combination of batch shapes.

A decoder step is dozens of small kernels, and launching them costs far more than running them.
"""

import torch


class GraphedStep:
    """`step(batch, counts)`, replayed. All that the step changes has to be in `state`, a list of tensors, so that trying it
    out leaves no trace. The graphs share their memory, which one of 300 decoder steps needs gigabytes of: they never run at
    the same time, and what one returns has to be read before the next runs."""

    def __init__(self, step, state):
        self.step, self.state = step, state
        self.pool, self.stream, self.graphs = torch.cuda.graph_pool_handle(), torch.cuda.Stream(), {}

    def __call__(self, batch, counts, alone):
        """`alone` is a lock under which nobody else uses the device: a capture wants it to itself."""
        key = tuple((n, tuple(t.shape)) for n, t in batch.items())
        if key not in self.graphs:
            with alone:
                self.graphs[key] = self.capture(batch, counts)
        graph, (static_batch, static_counts), figures = self.graphs[key]
        for name, tensor in batch.items():
            static_batch[name].copy_(tensor)
        static_counts.copy_(counts)
        graph.replay()
        return figures

    def capture(self, batch, counts):
        """(graph, its inputs, its figures) for these shapes; the state is as before afterwards, also when it fails."""
        torch.cuda.synchronize()
        static = {n: t.clone() for n, t in batch.items()}, counts.clone()
        before = [t.clone() for t in self.state]
        try:
            self.stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(self.stream):
                for _ in range(2):
                    self.step(*static)
            torch.cuda.current_stream().wait_stream(self.stream)
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph, pool=self.pool, stream=self.stream):
                figures = self.step(*static)
        finally:
            torch.cuda.synchronize()
            for tensor, value in zip(self.state, before):
                tensor.copy_(value)
            torch.cuda.synchronize()
        return graph, static, figures
