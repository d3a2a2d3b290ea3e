//! Tempo without change of pitch: mel frames read faster or slower before the vocoder.

/// Resamples mel frames in time by linear interpolation of the log-mel, whatever the chunks.
pub(super) struct Tempo {
    speed: f64,
    channels: usize,
    /// The last frame, which the next chunk is interpolated with.
    last: Vec<f32>,
    /// Frames taken and frames given.
    taken: u64,
    given: u64,
}

impl Tempo {
    pub(super) fn new(speed: f32, channels: usize) -> Self {
        Self {
            speed: f64::from(speed),
            channels,
            last: Vec::new(),
            taken: 0,
            given: 0,
        }
    }

    /// Where frame `frame` of the input is in the output, in frames.
    pub(super) fn place(&self, frame: f64) -> f64 {
        frame / self.speed
    }

    /// Takes frames `[n, channels]` and gives those that lie between frames taken so far. With
    /// `last`, the final frame is held until the length is right.
    pub(super) fn process(&mut self, mel: Vec<f32>, last: bool) -> Vec<f32> {
        if self.speed == 1.0 {
            return mel;
        }
        let channels = self.channels;
        let n = (mel.len() / channels) as u64;
        let first = self.taken;
        self.taken += n;
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
            let position = self.given as f64 * self.speed;
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
    use super::Tempo;

    fn run(speed: f32, frames: usize, chunk: usize) -> Vec<f32> {
        let mut tempo = Tempo::new(speed, 1);
        let mel: Vec<f32> = (0..frames).map(|i| i as f32).collect();
        let mut out = Vec::new();
        for piece in mel.chunks(chunk) {
            out.extend(tempo.process(piece.to_vec(), false));
        }
        out.extend(tempo.process(Vec::new(), true));
        out
    }

    #[test]
    fn frames_move_in_proportion_and_the_length_with_them() {
        let out = run(0.5, 10, 3);
        assert_eq!(out.len(), 20);
        assert!((out[5] - 2.5).abs() < 1e-6);
        assert_eq!(run(2.0, 10, 4), [0.0, 2.0, 4.0, 6.0, 8.0]);
    }

    #[test]
    fn chunks_do_not_change_a_value() {
        let whole = run(1.37, 101, 101);
        for chunk in [1, 2, 7, 50] {
            assert_eq!(run(1.37, 101, chunk), whole, "chunks of {chunk}");
        }
    }
}
