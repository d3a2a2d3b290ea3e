//! The picture of a sentence: its mel spectrogram above, its attention below, time running to the
//! right in both.

use crate::canvas::{Align, Canvas, Color, INK, Palette, Size, WHITE};

const GRID: Color = [208, 211, 217];
/// Pixels around the panels: for the symbols or bands and the axis title at the left, for hertz and
/// the colour scale at the right.
const LEFT: usize = 112;
const RIGHT: usize = 178;
const TOP: usize = 64;
const BETWEEN: usize = 92;
const BOTTOM: usize = 68;
const BAND_HEIGHT: usize = 4;
/// Rows of the attention are as high as the text that names them, until the picture gets too high.
const SYMBOL_HEIGHT: usize = 17;
const MAX_ATTENTION_HEIGHT: usize = 6000;

/// What to draw.
pub(crate) struct Sentence<'a> {
    /// Written above the picture.
    pub(crate) title: &'a str,
    /// `[frames, bands]`, natural logarithm.
    pub(crate) mel: &'a [f32],
    /// Centre of each band in Hz; as many as there are bands.
    pub(crate) band_hz: &'a [f32],
    /// Seconds from one frame to the next.
    pub(crate) frame_seconds: f64,
    /// `[steps, symbols]`, each row a distribution; may be empty.
    pub(crate) alignment: &'a [f32],
    /// The symbols that the decoder looked at.
    pub(crate) symbols: &'a [String],
}

struct Panel {
    x: usize,
    y: usize,
    width: usize,
    height: usize,
}

/// Draws a sentence.
pub(crate) fn draw(sentence: &Sentence) -> Canvas {
    let bands = sentence.band_hz.len().max(1);
    let frames = sentence.mel.len() / bands;
    let symbols = sentence.symbols.len();
    let width = (frames * 3).clamp(640, 2400);
    let mel = Panel {
        x: LEFT,
        y: TOP,
        width,
        height: bands * BAND_HEIGHT,
    };
    let attention = Panel {
        x: LEFT,
        y: TOP + mel.height + BETWEEN,
        width,
        height: (symbols * SYMBOL_HEIGHT).clamp(4 * SYMBOL_HEIGHT, MAX_ATTENTION_HEIGHT),
    };
    let total = if symbols == 0 {
        mel.y + mel.height + BOTTOM
    } else {
        attention.y + attention.height + BOTTOM
    };
    let mut canvas = Canvas::new(LEFT + width + RIGHT, total);
    let room = (width + RIGHT - 16) / Size::Large.width(1);
    canvas.text(
        LEFT,
        22,
        &shorten(sentence.title, room),
        Size::Large,
        Align::Start,
    );
    draw_mel(&mut canvas, &mel, sentence, bands, frames);
    if symbols > 0 {
        draw_attention(&mut canvas, &attention, sentence, symbols);
    }
    canvas
}

fn draw_mel(canvas: &mut Canvas, panel: &Panel, sentence: &Sentence, bands: usize, frames: usize) {
    let values = sentence.mel.iter().copied().filter(|v| v.is_finite());
    let low = values.clone().fold(f32::INFINITY, f32::min);
    let high = values.fold(f32::NEG_INFINITY, f32::max);
    let (low, high) = if low < high {
        (low, high)
    } else {
        (-11.5, 2.0)
    };
    panel.image(canvas, frames, bands, Palette::Magma, |frame, row| {
        (sentence.mel[frame * bands + bands - 1 - row] - low) / (high - low)
    });
    panel.frame(canvas, "mel spectrogram");
    let bottom = panel.y + panel.height;
    let seconds = frames as f64 * sentence.frame_seconds;
    panel.x_axis(canvas, seconds, "time (s)");
    panel.title_left(canvas, "mel band");
    for band in (0..bands).step_by(if bands > 40 { 20 } else { 10 }) {
        let y = bottom - (band * BAND_HEIGHT + BAND_HEIGHT / 2);
        canvas.horizontal(panel.x - 5..panel.x, y, INK);
        canvas.text(panel.x - 9, y, &band.to_string(), Size::Small, Align::End);
    }
    let right = panel.x + panel.width;
    for hz in [250, 500, 1000, 2000, 4000, 8000] {
        // Between the two bands around it, in proportion.
        let hz_at = |band: usize| sentence.band_hz[band];
        let Some(above) = (1..bands).find(|&b| hz_at(b) >= hz as f32 && hz_at(b - 1) < hz as f32)
        else {
            continue;
        };
        let part = (hz as f32 - hz_at(above - 1)) / (hz_at(above) - hz_at(above - 1));
        let at = ((above - 1) as f32 + part + 0.5) * BAND_HEIGHT as f32;
        let y = bottom - at as usize;
        canvas.horizontal(right + 1..right + 6, y, INK);
        canvas.text(
            right + 10,
            y,
            &format!("{hz} Hz"),
            Size::Small,
            Align::Start,
        );
    }
    panel.scale(canvas, Palette::Magma, low, high, "ln");
}

fn draw_attention(canvas: &mut Canvas, panel: &Panel, sentence: &Sentence, symbols: usize) {
    let steps = sentence.alignment.len() / symbols;
    panel.image(canvas, steps, symbols, Palette::Viridis, |step, symbol| {
        sentence.alignment[step * symbols + symbol]
    });
    panel.frame(canvas, "attention");
    panel.x_axis(canvas, steps as f64, "decoder step");
    panel.title_left(canvas, "symbol");
    // Every symbol where there is room for it.
    let every = (symbols * SYMBOL_HEIGHT).div_ceil(panel.height);
    for (i, symbol) in sentence.symbols.iter().enumerate().step_by(every) {
        let y = panel.y + (2 * i + 1) * panel.height / (2 * symbols);
        canvas.horizontal(panel.x - 5..panel.x, y, INK);
        let name = match symbol.as_str() {
            " " => "space",
            // The @ only tells phonemes from letters in the table.
            other => other
                .strip_prefix('@')
                .filter(|s| !s.is_empty())
                .unwrap_or(other),
        };
        canvas.text(panel.x - 9, y, &shorten(name, 8), Size::Small, Align::End);
    }
    panel.scale(canvas, Palette::Viridis, 0.0, 1.0, "weight");
}

impl Panel {
    /// Fills the panel with `columns` x `rows` values from 0 to 1, row 0 at the top.
    fn image(
        &self,
        canvas: &mut Canvas,
        columns: usize,
        rows: usize,
        palette: Palette,
        value: impl Fn(usize, usize) -> f32,
    ) {
        if columns == 0 || rows == 0 {
            return;
        }
        for y in 0..self.height {
            let row = y * rows / self.height;
            for x in 0..self.width {
                // Where several columns share a pixel, the strongest is seen.
                let first = x * columns / self.width;
                let end = ((x + 1) * columns / self.width).max(first + 1);
                let strongest = (first..end).map(|c| value(c, row)).fold(0.0, f32::max);
                canvas.set(self.x + x, self.y + y, palette.color(strongest));
            }
        }
    }

    fn frame(&self, canvas: &mut Canvas, title: &str) {
        let (right, bottom) = (self.x + self.width, self.y + self.height);
        canvas.horizontal(self.x - 1..right + 1, self.y - 1, INK);
        canvas.horizontal(self.x - 1..right + 1, bottom, INK);
        canvas.vertical(self.x - 1, self.y - 1..bottom + 1, INK);
        canvas.vertical(right, self.y - 1..bottom + 1, INK);
        canvas.text(self.x, self.y - 14, title, Size::Small, Align::Start);
    }

    /// Ticks from 0 to `end` at round numbers, and what they count.
    fn x_axis(&self, canvas: &mut Canvas, end: f64, title: &str) {
        let y = self.y + self.height;
        let step = round_step(end, self.width / 90);
        let decimals = (-step.log10().floor()).max(0.0) as usize;
        let mut tick = 0;
        while end > 0.0 && tick as f64 * step <= end * (1.0 + 1e-9) {
            let value = tick as f64 * step;
            let x = self.x + (value / end * self.width as f64).round() as usize;
            canvas.vertical(x, y + 1..y + 6, INK);
            canvas.text(
                x,
                y + 16,
                &format!("{value:.decimals$}"),
                Size::Small,
                Align::Middle,
            );
            tick += 1;
        }
        canvas.text(
            self.x + self.width / 2,
            y + 38,
            title,
            Size::Small,
            Align::Middle,
        );
    }

    fn title_left(&self, canvas: &mut Canvas, title: &str) {
        canvas.text_up(24, self.y + self.height / 2, title, Size::Small);
    }

    /// The colours and what they mean, at the right.
    fn scale(&self, canvas: &mut Canvas, palette: Palette, low: f32, high: f32, unit: &str) {
        let x = self.x + self.width + 96;
        let height = self.height.min(320);
        for y in 0..height {
            let value = 1.0 - y as f32 / (height - 1) as f32;
            canvas.horizontal(x..x + 12, self.y + y, palette.color(value));
        }
        for side in [x - 1, x + 12] {
            canvas.vertical(side, self.y..self.y + height, GRID);
        }
        canvas.horizontal(x - 1..x + 13, self.y - 1, GRID);
        canvas.horizontal(x - 1..x + 13, self.y + height, GRID);
        canvas.text(x + 6, self.y - 14, unit, Size::Small, Align::Middle);
        let step = round_step(f64::from(high - low), (height / 48).max(1));
        let mut value = (f64::from(low) / step).ceil() * step;
        let decimals = (-step.log10().floor()).max(0.0) as usize;
        while value <= f64::from(high) + step * 1e-6 {
            let part = (value - f64::from(low)) / f64::from(high - low);
            let y = self.y + ((1.0 - part) * (height - 1) as f64).round() as usize;
            canvas.horizontal(x + 9..x + 12, y, WHITE);
            // Adding zero takes the sign off a negative zero.
            let label = format!("{:.decimals$}", value + 0.0);
            canvas.text(x + 17, y, &label, Size::Small, Align::Start);
            value += step;
        }
    }
}

/// The smallest of 1, 2, 5 times a power of ten that divides `range` into at most `parts`.
fn round_step(range: f64, parts: usize) -> f64 {
    let least = (range / parts.max(1) as f64).max(1e-6);
    let power = 10_f64.powf(least.log10().floor());
    let factor = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .find(|factor| factor * power >= least * (1.0 - 1e-9));
    factor.unwrap_or(10.0) * power
}

/// The text in `room` characters, with dots where it was cut.
fn shorten(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    let kept: String = text.chars().take(room.saturating_sub(3)).collect();
    kept.trim_end().to_owned() + "..."
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ticks are at numbers that people count in.
    #[test]
    fn steps_are_round() {
        for (range, parts, step) in [
            (3.2, 10, 0.5),
            (1.0, 5, 0.2),
            (80.0, 4, 20.0),
            (7.0, 7, 1.0),
        ] {
            assert!(
                (round_step(range, parts) - step).abs() < 1e-9,
                "{range} by {parts}"
            );
        }
        assert!(round_step(0.0, 0) > 0.0);
    }

    /// Whatever the sizes and values, there is a picture and no panic.
    #[test]
    fn draws_anything() {
        let symbols: Vec<String> = ["@HH", " ", "?", "é"].map(String::from).to_vec();
        for (frames, steps, symbols) in [
            (0, 0, &[][..]),
            (1, 1, &symbols[..]),
            (5000, 3, &symbols[..1]),
        ] {
            let sentence = Sentence {
                title: &"long title ".repeat(frames + 1),
                mel: &vec![f32::NAN; frames * 80],
                band_hz: &[500.0; 80],
                frame_seconds: 256.0 / 22050.0,
                alignment: &vec![0.5; steps * symbols.len()],
                symbols,
            };
            let png = draw(&sentence).png().unwrap();
            assert!(png.starts_with(b"\x89PNG"));
        }
    }
}
