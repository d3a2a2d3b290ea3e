//! Counter-based random numbers: Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy
//! as 1, 2, 3", SC 2011).
//!
//! A number depends on the seed, the stream and the position alone, so dropout masks and noise are
//! the same for every chunking, thread count and backend.

/// What a stream of random numbers is for; a part of the counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Dropout of prenet layer `0..`; position = step × channels + channel.
    Prenet(u8),
    /// WaveGlow's noise for the channels that flow `0..` brings in; position = group × channels + channel.
    Noise(u8),
}

impl Stream {
    /// The stream's word of the counter.
    pub fn number(self) -> u32 {
        match self {
            Self::Prenet(layer) => u32::from(layer),
            Self::Noise(flow) => 0x100 | u32::from(flow),
        }
    }
}

/// A seed and the sentence it is for: the key of all random numbers of one sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RandomKey {
    /// The caller's seed.
    pub seed: u64,
    /// Which sentence of the utterance (and which attempt at it).
    pub sentence: u32,
}

impl RandomKey {
    /// Four 32-bit words at block `block` of `stream`.
    #[inline]
    pub fn block(self, stream: Stream, block: u64) -> [u32; 4] {
        let counter = [
            block as u32,
            (block >> 32) as u32,
            self.sentence,
            stream.number(),
        ];
        philox(counter, [self.seed as u32, (self.seed >> 32) as u32])
    }
}

/// Philox 4x32 with ten rounds.
#[inline]
pub fn philox(mut c: [u32; 4], mut k: [u32; 2]) -> [u32; 4] {
    for round in 0..10 {
        if round > 0 {
            k[0] = k[0].wrapping_add(0x9E37_79B9);
            k[1] = k[1].wrapping_add(0xBB67_AE85);
        }
        let p0 = u64::from(c[0]) * 0xD251_1F53;
        let p1 = u64::from(c[2]) * 0xCD9E_8D57;
        c = [
            (p1 >> 32) as u32 ^ c[1] ^ k[0],
            p1 as u32,
            (p0 >> 32) as u32 ^ c[3] ^ k[1],
            p0 as u32,
        ];
    }
    c
}

/// Two standard normal values from two words (Box and Muller).
#[inline]
pub fn normal_pair(a: u32, b: u32) -> [f32; 2] {
    // The radius never sees zero: (a + 1) / 2^32 is in (0, 1].
    let u = (f64::from(a) + 1.0) as f32 * (1.0 / 4_294_967_296.0);
    let radius = (-2.0 * u.ln()).sqrt();
    let angle = b as f32 * (std::f32::consts::TAU / 4_294_967_296.0);
    let (sin, cos) = angle.sin_cos();
    [radius * cos, radius * sin]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn philox_matches_the_authors_known_answers() {
        // Vectors of Random123's kat_vectors for philox4x32 with 10 rounds.
        assert_eq!(
            philox([0; 4], [0; 2]),
            [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]
        );
        assert_eq!(
            philox([u32::MAX; 4], [u32::MAX; 2]),
            [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        );
        assert_eq!(
            philox(
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
                [0xa409_3822, 0x299f_31d0]
            ),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn normals_have_zero_mean_and_unit_variance() {
        let key = RandomKey {
            seed: 7,
            sentence: 0,
        };
        let n = 100_000;
        let (mut sum, mut squares) = (0.0, 0.0);
        for i in 0..n / 4 {
            let w = key.block(Stream::Noise(0), i);
            for x in normal_pair(w[0], w[1])
                .into_iter()
                .chain(normal_pair(w[2], w[3]))
            {
                sum += f64::from(x);
                squares += f64::from(x) * f64::from(x);
            }
        }
        let (mean, variance) = (sum / n as f64, squares / n as f64);
        assert!(
            mean.abs() < 0.01 && (variance - 1.0).abs() < 0.02,
            "mean {mean}, variance {variance}"
        );
    }
}
