//! A picture in memory: pixels, lines and text, written as PNG.

use noto_sans_mono_bitmap::{
    FontWeight, RasterHeight, RasterizedChar, get_raster, get_raster_width,
};

/// Red, green, blue.
pub(crate) type Color = [u8; 3];

pub(crate) const WHITE: Color = [255, 255, 255];
pub(crate) const INK: Color = [38, 42, 51];

/// Heights of text in pixels.
#[derive(Clone, Copy)]
pub(crate) enum Size {
    Small,
    Large,
}

impl Size {
    fn raster(self) -> RasterHeight {
        match self {
            Self::Small => RasterHeight::Size16,
            Self::Large => RasterHeight::Size20,
        }
    }

    pub(crate) fn height(self) -> usize {
        self.raster().val()
    }

    /// Width of a text of this many characters.
    pub(crate) fn width(self, characters: usize) -> usize {
        characters * get_raster_width(FontWeight::Regular, self.raster())
    }
}

/// Where a text's anchor lies along it.
#[derive(Clone, Copy)]
pub(crate) enum Align {
    Start,
    Middle,
    End,
}

impl Align {
    fn before(self, length: usize) -> usize {
        match self {
            Self::Start => 0,
            Self::Middle => length / 2,
            Self::End => length,
        }
    }
}

pub(crate) struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

impl Canvas {
    /// A white sheet.
    pub(crate) fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            pixels: vec![255; width * height * 3],
        }
    }

    /// Sets a pixel; outside the sheet nothing happens.
    pub(crate) fn set(&mut self, x: usize, y: usize, color: Color) {
        self.blend(x, y, color, 255);
    }

    fn blend(&mut self, x: usize, y: usize, color: Color, opacity: u8) {
        if x >= self.width || y >= self.height {
            return;
        }
        let at = (y * self.width + x) * 3;
        for (old, new) in self.pixels[at..at + 3].iter_mut().zip(color) {
            let mix =
                u32::from(new) * u32::from(opacity) + u32::from(*old) * u32::from(255 - opacity);
            *old = (mix / 255) as u8;
        }
    }

    pub(crate) fn horizontal(&mut self, x: std::ops::Range<usize>, y: usize, color: Color) {
        x.for_each(|x| self.set(x, y, color));
    }

    pub(crate) fn vertical(&mut self, x: usize, y: std::ops::Range<usize>, color: Color) {
        y.for_each(|y| self.set(x, y, color));
    }

    /// Text on a horizontal line, `y` its middle.
    pub(crate) fn text(&mut self, x: usize, y: usize, text: &str, size: Size, align: Align) {
        let x = x.saturating_sub(align.before(size.width(text.chars().count())));
        let y = y.saturating_sub(size.height() / 2);
        for (column, raster) in (0..).zip(rasters(text, size)) {
            let x = x + column * raster.width();
            for (dy, row) in raster.raster().iter().enumerate() {
                for (dx, &opacity) in row.iter().enumerate() {
                    self.blend(x + dx, y + dy, INK, opacity);
                }
            }
        }
    }

    /// Text that reads upwards, `x` its middle and `y` the middle of its length.
    pub(crate) fn text_up(&mut self, x: usize, y: usize, text: &str, size: Size) {
        let x = x.saturating_sub(size.height() / 2);
        let bottom = y + size.width(text.chars().count()) / 2;
        for (column, raster) in (0..).zip(rasters(text, size)) {
            for (dy, row) in raster.raster().iter().enumerate() {
                for (dx, &opacity) in row.iter().enumerate() {
                    let along = column * raster.width() + dx;
                    self.blend(x + dy, bottom.saturating_sub(along), INK, opacity);
                }
            }
        }
    }

    /// The picture as a PNG file.
    pub(crate) fn png(&self) -> Result<Vec<u8>, png::EncodingError> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, self.width as u32, self.height as u32);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.pixels)?;
        writer.finish()?;
        Ok(file)
    }
}

/// The font has ASCII; what it lacks is shown as a question mark.
fn rasters(text: &str, size: Size) -> impl Iterator<Item = RasterizedChar> {
    text.chars().filter_map(move |c| {
        let raster = |c| get_raster(c, FontWeight::Regular, size.raster());
        raster(c).or_else(|| raster('?'))
    })
}

/// A scale of colours from 0 to 1, evenly spaced in lightness (matplotlib's tables, thinned).
#[derive(Clone, Copy)]
pub(crate) enum Palette {
    Magma,
    Viridis,
}

impl Palette {
    pub(crate) fn color(self, value: f32) -> Color {
        let anchors: &[u32] = match self {
            Self::Magma => &[
                0x00_0004, 0x14_0e36, 0x3b_0f70, 0x64_1a80, 0x8c_2981, 0xb7_3779, 0xde_4968,
                0xf7_705c, 0xfe_9f6d, 0xfe_cf92, 0xfc_fdbf,
            ],
            Self::Viridis => &[
                0x44_0154, 0x48_2878, 0x3e_4989, 0x31_688e, 0x26_828e, 0x1f_9e89, 0x35_b779,
                0x6e_ce58, 0xb5_de2b, 0xfd_e725,
            ],
        };
        let at = value.clamp(0.0, 1.0) * (anchors.len() - 1) as f32;
        let lower = (at as usize).min(anchors.len() - 2);
        let part = at - lower as f32;
        let channel = |anchor: u32, shift: u32| f32::from((anchor >> shift) as u8);
        [16, 8, 0].map(|shift| {
            let (a, b) = (
                channel(anchors[lower], shift),
                channel(anchors[lower + 1], shift),
            );
            (a + (b - a) * part).round() as u8
        })
    }
}
