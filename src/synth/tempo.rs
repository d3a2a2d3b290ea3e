//! Tempo without change of pitch: mel frames read faster or slower before the vocoder.

/// Resamples mel frames in time by linear interpolation of the log-mel, whatever the chunks. The speed may
/// change at any frame that has not been taken yet.
pub(super) struct Tempo {
    pieces: Vec<Piece>,
    channels: usize,
    /// The last frame, which the next chunk is interpolated with.
    last: Vec<f32>,
    /// Frames taken and frames given.
    taken: u64,
    given: u64,
}

/// Frames at one speed.
struct Piece {
    speed: f64,
    /// Where it begins, in frames of the input and of the output.
    from: f64,
    to: f64,
}

impl Tempo {
    pub(super) fn new(speed: f32, channels: usize) -> Self {
        let speed = f64::from(speed);
        Self {
            pieces: vec![Piece {
                speed,
                from: 0.0,
                to: 0.0,
            }],
            channels,
            last: Vec::new(),
            taken: 0,
            given: 0,
        }
    }

    /// Another speed from frame `frame` of the input on, which comes after all changes so far.
    pub(super) fn change(&mut self, frame: u64, speed: f32) {
        let from = frame as f64;
        let to = self.place(from);
        self.pieces.retain(|piece| piece.from < from);
        let speed = f64::from(speed);
        self.pieces.push(Piece { speed, from, to });
    }

    /// Where frame `frame` of the input is in the output, in frames.
    pub(super) fn place(&self, frame: f64) -> f64 {
        let next = self.pieces.partition_point(|piece| piece.from <= frame);
        let piece = &self.pieces[next.max(1) - 1];
        piece.to + (frame - piece.from) / piece.speed
    }

    /// The frame of the input that is at frame `frame` of the output.
    fn source(&self, frame: f64) -> f64 {
        let next = self.pieces.partition_point(|piece| piece.to <= frame);
        let piece = &self.pieces[next.max(1) - 1];
        piece.from + (frame - piece.to) * piece.speed
    }

    /// Takes frames `[n, channels]` and gives those that lie between frames taken so far. With
    /// `last`, the final frame is held until the length is right.
    pub(super) fn process(&mut self, mel: Vec<f32>, last: bool) -> Vec<f32> {
        let channels = self.channels;
        let n = (mel.len() / channels) as u64;
        let first = self.taken;
        self.taken += n;
        if self.given == first && self.pieces.iter().all(|piece| piece.speed == 1.0) {
            self.given += n;
            if n > 0 {
                self.last = mel[mel.len() - channels..].to_vec();
            }
            return mel;
        }
        let frame = |i: u64| -> &[f32] {
            if i < first {
                &self.last
            } else {
                let at = (i - first) as usize * channels;
                &mel[at..at + channels]
            }
        };
        let mut out = Vec::new();
        while self.taken > 0 {
            // Position from the count, not by adding up: chunks do not change it.
            let position = self.source(self.given as f64);
            let left = position.floor() as u64;
            if left + 1 < self.taken {
                let t = (position - left as f64) as f32;
                let pair = frame(left).iter().zip(frame(left + 1));
                out.extend(pair.map(|(a, b)| a + t * (b - a)));
            } else if last && left < self.taken {
                out.extend_from_slice(frame(self.taken - 1));
            } else {
                break;
            }
            self.given += 1;
        }
        if n > 0 {
            self.last = mel[mel.len() - channels..].to_vec();
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A ramp of `n` frames, in chunks, with changes of speed.
    fn run(speed: f32, changes: &[(u64, f32)], n: usize, chunk: usize) -> Vec<f32> {
        let mel: Vec<f32> = (0..n).map(|i| i as f32).collect();
        let mut tempo = Tempo::new(speed, 1);
        for &(frame, speed) in changes {
            tempo.change(frame, speed);
        }
        let count = n.div_ceil(chunk);
        let chunks = mel.chunks(chunk).enumerate();
        chunks
            .flat_map(|(i, frames)| tempo.process(frames.to_vec(), i + 1 == count))
            .collect()
    }

    #[test]
    fn frames_move_in_proportion_and_the_length_with_them() {
        let out = run(0.5, &[], 10, 3);
        assert_eq!(out.len(), 20);
        assert!((out[5] - 2.5).abs() < 1e-6);
        assert_eq!(run(2.0, &[], 10, 4), [0.0, 2.0, 4.0, 6.0, 8.0]);
    }

    #[test]
    fn chunks_do_not_change_a_value() {
        let changes = [(20, 0.5), (33, 2.0), (34, 1.0)];
        for changes in [&changes[..], &[]] {
            let whole = run(1.37, changes, 101, 101);
            for chunk in [1, 2, 7, 50] {
                assert_eq!(run(1.37, changes, 101, chunk), whole, "chunks of {chunk}");
            }
        }
    }

    /// Each frame is where its speed and those before it put it.
    #[test]
    fn speed_changes_at_a_frame() {
        let out = run(1.0, &[(4, 0.5), (6, 2.0)], 12, 5);
        assert_eq!(
            out,
            [0.0, 1.0, 2.0, 3.0, 4.0, 4.5, 5.0, 5.5, 6.0, 8.0, 10.0]
        );
        let mut tempo = Tempo::new(1.0, 1);
        tempo.change(0, 2.0);
        tempo.change(4, 0.5);
        assert_eq!(
            [0.0, 2.0, 4.0, 6.0].map(|frame| tempo.place(frame)),
            [0.0, 1.0, 2.0, 6.0]
        );
    }
}
