"""The mel spectrogram is the published one, and a crop's mel is a piece of the whole clip's."""

import numpy as np
import torch

from tacoglow_train import audio


def test_mel_equals_torchaudio(missing):
    try:
        import torchaudio
    except ImportError:
        missing("torchaudio")
    reference = torchaudio.transforms.MelSpectrogram(
        22050, 1024, 1024, 256, 0.0, 8000.0, n_mels=80, power=1.0, norm="slaney", mel_scale="slaney", center=True, pad_mode="reflect"
    )
    sound = torch.randn(2, 5000) * 0.1
    ours = audio.MelSpectrogram()(sound)
    assert ours.shape == (2, 80, 5000 // 256 + 1)
    torch.testing.assert_close(ours, torch.log(torch.clamp(reference(sound), min=1e-5)), atol=2e-5, rtol=1e-5)


def test_silence_is_the_floor():
    assert torch.allclose(audio.MelSpectrogram()(torch.zeros(1, 3000)), torch.tensor(audio.LOG_FLOOR))


def test_mels_of_a_batch_are_those_of_its_clips(corpus):
    clips = torch.tensor([0, 5, 9])
    longest = int(corpus.frames[clips.numpy()].max())
    batch = corpus.mels(clips, torch.zeros(3, dtype=torch.long), longest)
    for row, clip in enumerate(clips.tolist()):
        first, count = corpus.clips[clip]["start"], corpus.clips[clip]["samples"]
        alone = audio.MelSpectrogram()(corpus.audio[first : first + count].float().unsqueeze(0) / 32768)[0]
        torch.testing.assert_close(batch[row, :, : alone.shape[1]], alone, atol=1e-4, rtol=1e-4)
        crop = corpus.mels(torch.tensor([clip]), torch.tensor([7]), 11)[0]
        torch.testing.assert_close(crop, alone[:, 7:18], atol=1e-4, rtol=1e-4)


def test_resampling_keeps_a_tone():
    """9.5 kHz survives 24 -> 22.05 kHz to -90 dB; 11.9 kHz, above the new half rate, is gone."""
    t = np.arange(24000) / 24000
    for hertz, kept in ((440.0, 1.0), (9500.0, 1.0), (11900.0, 0.0)):
        out = audio.resample(np.sin(2 * np.pi * hertz * t), 24000, 22050)
        assert len(out) == 22050
        wanted = kept * np.sin(2 * np.pi * hertz * np.arange(22050) / 22050)
        assert np.abs(out - wanted)[300:-300].max() < 5e-4, hertz


def test_wav_round_trip(tmp_path):
    sound = np.random.default_rng(0).uniform(-1, 0.99, 1000).astype(np.float32)
    audio.write_wav(str(tmp_path / "a.wav"), sound)
    back, rate = audio.read_wav(str(tmp_path / "a.wav"))
    assert rate == 22050 and np.abs(back - sound).max() <= 0.5 / 32768 + 1e-7


def test_speech_edges_keep_fifty_milliseconds():
    sound = np.zeros(22050)
    sound[8000:12000] = 0.3
    first, last = audio.speech_edges(sound)
    assert 8000 - 1102 - 221 <= first <= 8000 - 1102 + 221 and 12000 + 1102 - 221 <= last <= 12000 + 1102 + 221
