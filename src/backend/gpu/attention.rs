//! The attention: two kernels, and what they hand to each other.

use bytemuck::bytes_of;

use super::dispatch::small;
use super::forecast::Work;
use super::kernels::Gpu;
use super::shaders::{Kernel, Shape, Storage, parameters};
use super::tensor::Tensor;
use crate::backend::{Activation, AttentionState, AttentionWeights, Backend, Rows, RowsMut};

/// Kept from step to step.
#[derive(Default)]
pub(super) struct Scratch {
    query: Option<Tensor>,
    energies: Option<Tensor>,
}

impl Gpu {
    /// Records [`Backend::attention`].
    pub(super) fn record_attention(
        &mut self,
        w: &AttentionWeights<Self>,
        state: &mut AttentionState<Self>,
        query: Rows<'_, Tensor>,
        context: RowsMut<'_, Tensor>,
        alignment: RowsMut<'_, Tensor>,
    ) {
        let (symbols, dim) = (state.symbols, w.query.outputs);
        assert!(
            w.location.storage == Storage::F32
                && w.location.outputs == dim
                && w.location.inputs == 2 * w.taps
                && state.location.rows + 1 >= symbols + w.taps
                && state.location.channels == 2
                && w.v.channels == dim
                && state.processed.channels == dim
                && state.processed.rows >= symbols
                && state.memory.rows >= symbols
                && alignment.tensor.channels >= symbols
                && context.tensor.channels == state.memory.channels
        );
        let kept = self.scratch.query.take();
        let q = self.scratch(kept, 1, dim);
        let kept = self.scratch.energies.take();
        let energies = self.scratch(kept, self.pace().room(symbols), 1);
        let one = Shape::Few1;
        self.conv_to(
            &w.query,
            query,
            &q.buffer,
            (0, dim),
            1,
            Activation::Linear,
            one,
        );
        let p = parameters::AttentionEnergies {
            symbols: small(symbols),
            dim: small(dim),
            location_inputs: small(2 * w.taps),
        };
        let shader_e = self.shader(Kernel::AttentionEnergies, Shape::Any, Storage::Any);
        let buffers = [
            &w.location.weights,
            &state.location.buffer,
            &state.processed.buffer,
            &q.buffer,
            &w.v.buffer,
            &energies.buffer,
        ];
        let work = Work {
            macs: (symbols * dim * (2 * w.taps + 2)) as u64,
            bytes: 4 * (symbols * dim + 2 * w.taps * dim) as u64,
        };
        let groups = symbols.div_ceil(8);
        self.recorder
            .dispatch(shader_e, &buffers, bytes_of(&p), groups, work);
        let channels = state.memory.channels;
        let p = parameters::AttentionContext {
            symbols: small(symbols),
            channels: small(channels),
            context_first: context.tensor.place(context.row, 1),
            alignment_first: alignment.tensor.place(alignment.row, 1),
            pad: small(w.taps / 2),
        };
        let shader_c = self.shader(Kernel::AttentionContext, Shape::Any, Storage::Any);
        let buffers = [
            &energies.buffer,
            &state.memory.buffer,
            &context.tensor.buffer,
            &state.location.buffer,
            &alignment.tensor.buffer,
        ];
        let work = Work {
            macs: (symbols * channels) as u64,
            bytes: 4 * (symbols * channels) as u64,
        };
        let groups = channels.div_ceil(64);
        self.recorder
            .dispatch(shader_c, &buffers, bytes_of(&p), groups, work);
        self.scratch = Scratch {
            query: Some(q),
            energies: Some(energies),
        };
    }

    /// A tensor of the scratch that has room for `rows`.
    fn scratch(&mut self, kept: Option<Tensor>, rows: usize, channels: usize) -> Tensor {
        match kept {
            Some(t) if t.rows >= rows && t.channels == channels => t,
            _ => self.tensor(rows, channels),
        }
    }
}
