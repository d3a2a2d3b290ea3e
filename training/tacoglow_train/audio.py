"""Sound: WAV files, resampling, silence trimming, the mel spectrogram of the published recipe."""

import math
import wave

import numpy as np
import torch
import torch.nn.functional as F

# The published front end. The names are those of the voice file's `audio` section.
AUDIO = {
    "sampling_rate": 22050,
    "filter_length": 1024,
    "hop_length": 256,
    "win_length": 1024,
    "n_mel_channels": 80,
    "mel_fmin": 0.0,
    "mel_fmax": 8000.0,
    "log_clamp_min": 1e-5,
}
HOP = AUDIO["hop_length"]
RATE = AUDIO["sampling_rate"]
FRAME_SECONDS = HOP / RATE
LOG_FLOOR = math.log(AUDIO["log_clamp_min"])


def hz_to_slaney(hz):
    """Slaney's mel scale: linear below 1 kHz, logarithmic above."""
    hz = np.asarray(hz, dtype=np.float64)
    step = np.log(6.4) / 27.0
    return np.where(hz >= 1000.0, 15.0 + np.log(np.maximum(hz, 1e-9) / 1000.0) / step, hz * 3.0 / 200.0)


def slaney_to_hz(mel):
    step = np.log(6.4) / 27.0
    return np.where(mel >= 15.0, 1000.0 * np.exp(step * (mel - 15.0)), mel * 200.0 / 3.0)


def mel_filters(rate=RATE, n_fft=1024, bands=80, low=0.0, high=8000.0):
    """Triangles of equal area on Slaney's scale, `[bands, n_fft/2 + 1]`."""
    bins = np.arange(n_fft // 2 + 1) * (rate / n_fft)
    edges = slaney_to_hz(np.linspace(hz_to_slaney(low), hz_to_slaney(high), bands + 2))
    rise = (bins[None] - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    fall = (edges[2:, None] - bins[None]) / (edges[2:] - edges[1:-1])[:, None]
    triangles = np.maximum(0.0, np.minimum(rise, fall))
    return torch.from_numpy(triangles * (2.0 / (edges[2:] - edges[:-2]))[:, None]).float()


class MelSpectrogram(torch.nn.Module):
    """log(max(mel magnitude, 1e-5)) of 1024-sample Hann windows every 256 samples; always in f32."""

    def __init__(self):
        super().__init__()
        self.register_buffer("window", torch.hann_window(AUDIO["win_length"]), persistent=False)
        self.register_buffer("filters", mel_filters(), persistent=False)

    def framed(self, padded):
        """`[batch, samples]` that already has 512 samples before the first frame's centre -> `[batch, bands, frames]`."""
        with torch.autocast(padded.device.type, enabled=False):
            spectrum = torch.stft(padded.float(), 1024, HOP, 1024, self.window, center=False, return_complex=True)
            return torch.log(torch.clamp(torch.matmul(self.filters, spectrum.abs()), min=AUDIO["log_clamp_min"]))

    def forward(self, audio):
        """`[batch, samples]` -> `[batch, bands, samples // 256 + 1]`, reflected at the edges."""
        return self.framed(F.pad(audio.unsqueeze(1), (512, 512), mode="reflect").squeeze(1))


def read_wav(path):
    """Mono float32 in [-1, 1) and the sample rate. 16-bit PCM only, which is what LJSpeech is."""
    with wave.open(path, "rb") as f:
        if f.getsampwidth() != 2:
            raise ValueError(f"{8 * f.getsampwidth()}-bit samples; convert it to 16-bit PCM")
        samples = np.frombuffer(f.readframes(f.getnframes()), dtype="<i2")
        channels, rate = f.getnchannels(), f.getframerate()
    samples = samples.reshape(-1, channels).astype(np.float32).mean(axis=1) / 32768.0
    return samples, rate


def to_int16(audio):
    return np.clip(np.round(np.asarray(audio, np.float64) * 32768.0), -32768, 32767).astype(np.int16)


def write_wav(path, audio, rate=RATE):
    with wave.open(path, "wb") as f:
        f.setnchannels(1)
        f.setsampwidth(2)
        f.setframerate(rate)
        f.writeframes(to_int16(audio).tobytes())


def resample(audio, source, target, zeros=32):
    """Band-limited resampling by a rational factor: a Kaiser-windowed sinc, evaluated in phases."""
    if source == target:
        return np.asarray(audio, np.float32)
    common = math.gcd(source, target)
    down, up = source // common, target // common  # every `up` outputs advance `down` inputs
    cutoff = 0.97 * min(1.0, target / source)  # of the source's half rate
    half = int(math.ceil(zeros / cutoff))
    taps = np.arange(-half, half + down)[None] - (np.arange(up) * down / up)[:, None]  # [up, taps], in inputs
    inside = np.clip(taps * cutoff / zeros, -1.0, 1.0)
    kernel = cutoff * np.sinc(taps * cutoff) * np.i0(9.0 * np.sqrt(1.0 - inside**2)) / np.i0(9.0)
    signal = torch.from_numpy(np.asarray(audio, np.float32)).view(1, 1, -1)
    outputs = int(math.ceil(len(audio) * up / down))
    signal = F.pad(signal, (half, half + 2 * down))
    phases = F.conv1d(signal, torch.from_numpy(kernel).float().unsqueeze(1), stride=down)[0]
    return phases.t().reshape(-1)[:outputs].numpy()


def speech_edges(audio, rate=RATE, threshold_db=-42.0, keep=0.05):
    """First and last sample of the speech: frames above `threshold_db` under the loudest, `keep` seconds around."""
    frame = rate // 100
    count = len(audio) // frame
    if count == 0:
        return 0, len(audio)
    level = np.sqrt((audio[: count * frame].reshape(count, frame) ** 2).mean(axis=1))
    loud = np.flatnonzero(level > max(level.max() * 10 ** (threshold_db / 20), 1e-5))
    if len(loud) == 0:
        return 0, len(audio)
    margin = int(keep * rate)
    return max(0, loud[0] * frame - margin), min(len(audio), (loud[-1] + 1) * frame + margin)
