"""Judges a voice on text and clips that it was not trained on: one table, one HTML page, one JSON file.

Rows: the voice itself; the vocoder alone on mels of held-out recordings (copy synthesis); those recordings; the teacher
reading the same sentences, where it is installed. Judges that are not installed are left out and named.
"""

import json
import os

import numpy as np
import torch

from . import Mistake, judge, sentences, text
from .corpus import load_teacher, make_clip
from .data import Corpus
from .losses import SpectralLoss
from .ranks import choose_device
from .report import page
from .voice import Voice

EVERYDAY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "everyday.txt")


def attention_figures(attention, symbols):
    """Whether the attention ran through the symbols once: (monotonic, share of the symbols that were attended to).

    Monotonic: from one decoder step to the next the focus moves at most 3 symbols back and 8 ahead.
    """
    focus = attention.argmax(axis=1)
    if len(focus) == 0:
        return False, 0.0
    moves = np.diff(focus)
    attended = np.zeros(symbols, bool)
    for f in focus:
        attended[max(0, f - 1) : f + 2] = True
    return bool((moves >= -3).all() and (moves <= 8).all()), float(attended.mean())


def speak_all(voice, lines, batch, seed):
    spoken = []
    for i in range(0, len(lines), batch):
        spoken += voice.speak(lines[i : i + batch], seed)
    return spoken


def voice_row(spoken):
    checks = [attention_figures(s["attention"].cpu().numpy(), s["attention"].shape[1]) for s in spoken]
    return {
        "stopped %": 100.0 * float(np.mean([s["stopped"] for s in spoken])),
        "monotonic %": 100.0 * float(np.mean([m for m, _ in checks])),
        "covered %": 100.0 * float(np.mean([c for _, c in checks])),
    }


@torch.no_grad()
def copy_synthesis(voice, corpus, count, seed):
    """(figures, made clips, recordings, their text) of the vocoder on mels of held-out recordings."""
    chosen = [i for i in corpus.held_out if corpus.frames[i] >= 40][:count]
    spectral, figures, made, true = SpectralLoss().to(corpus.device), {"STFT": 0.0, "log-mel L1": 0.0}, [], []
    with torch.random.fork_rng([corpus.device] if corpus.device.type == "cuda" else []):
        torch.manual_seed(seed)
        for i in chosen:
            clip, frames = torch.tensor([i], device=corpus.device), int(corpus.frames[i]) - 1
            zero = torch.zeros_like(clip)
            audio = corpus.waves(clip, zero, frames * 256)
            sound = voice.vocoder.infer(corpus.mels(clip, zero, frames))
            stft, mel = spectral(sound, audio)
            figures["STFT"] += float(stft) / len(chosen)
            figures["log-mel L1"] += float(mel) / len(chosen)
            made.append(sound[0].cpu().numpy())
            true.append(audio[0].cpu().numpy())
    return figures, made, true, [corpus.clips[i]["text"] for i in chosen]


def teacher_clips(name, lines):
    """The teacher's reading of the sentences, or None where it is not installed."""
    try:
        teacher = load_teacher(name)
    except Mistake as error:
        print(f"no row for the teacher: {error}", flush=True)
        return None
    gain = getattr(teacher, "gain", 1.0)
    made = [make_clip(teacher, text.with_final_mark(line), i, gain, 30.0) for i, line in enumerate(lines)]
    return [np.zeros(0, np.float32) if isinstance(m, str) else m[0] for m in made]


def evaluate(voice, lines, out=None, corpus=None, copies=20, judges=None, teacher=None, seed=1, batch=16, title="Voice"):
    judges = judge.available() if judges is None else judges
    spoken = speak_all(voice, lines, batch, seed)
    sounds = [s["audio"].cpu().numpy() for s in spoken]
    figures, heard = judge.judge(judges, sounds, lines)
    rows = [{"system": title, **figures, **voice_row(spoken)}]
    if corpus is not None and len(corpus.held_out):
        distances, made, true, texts = copy_synthesis(voice, corpus, copies, seed)
        rows.append({"system": "vocoder on recordings", **judge.judge(judges, made, texts)[0], **distances})
        rows.append({"system": "those recordings", **judge.judge(judges, true, texts)[0]})
    read = teacher_clips(teacher, lines) if teacher else None
    if read:
        rows.append({"system": "teacher, same sentences", **judge.judge(judges, read, lines)[0]})
    if out:
        os.makedirs(out, exist_ok=True)
        items = []
        for i, line in enumerate(lines):
            clips = {title: sounds[i], **({"teacher": read[i]} if read else {})}
            items.append({"text": line, "heard": {j: h[i] for j, h in heard.items()}, "sounds": clips,
                          "mel": spoken[i]["mel"].cpu().numpy(), "attention": spoken[i]["attention"].cpu().numpy()})
        notes = f"{len(lines)} sentences, seed {seed}." + (f" Whisper model.bin sha256 {judges['whisper'].sha256}." if "whisper" in judges else "")
        page(os.path.join(out, "index.html"), title, rows, items, notes)
        with open(os.path.join(out, "evaluation.json"), "w") as f:
            json.dump({"rows": rows, "heard": heard, "sentences": lines, "seed": seed, "notes": notes}, f, indent=1)
    return rows


def print_table(rows):
    """A line for each figure, a column for each system."""
    figures = list(dict.fromkeys(k for row in rows for k in row if k != "system"))
    widths = [max(8, len(row["system"])) for row in rows]
    print("  ".join([" " * 20] + [f"{row['system']:>{width}}" for row, width in zip(rows, widths)]), flush=True)
    for figure in figures:
        cells = [f"{row[figure]:>{width}.2f}" if figure in row else " " * width for row, width in zip(rows, widths)]
        print("  ".join([f"{figure:<20}"] + cells), flush=True)


def add_arguments(parser):
    parser.add_argument("--voice", help="voice file")
    parser.add_argument("--tacotron2", metavar="FROM", help="a run, checkpoint or voice, instead of --voice's")
    parser.add_argument("--waveglow", metavar="FROM", help="likewise")
    parser.add_argument("--sentences", default=EVERYDAY, help="file with one sentence a line")
    parser.add_argument("--count", type=int, default=50, help="sentences")
    parser.add_argument("--data", help="packed corpus: its held-out clips for copy synthesis")
    parser.add_argument("--copies", type=int, default=20)
    parser.add_argument("--teacher", default="hibari", help="hibari, module:Class, or none")
    parser.add_argument("--judges", default=",".join(judge.JUDGES))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", help="folder for index.html and evaluation.json")
    parser.add_argument("--title", default="voice")
    parser.add_argument("--device", default="cpu", help="auto, cpu, cuda or cuda:N")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--lexicon", help="CMUdict file")


def run(args):
    if args.threads:
        torch.set_num_threads(args.threads)
    if not (args.voice or (args.tacotron2 and args.waveglow)):
        raise Mistake("what is to be judged? --voice FILE, or --tacotron2 FROM and --waveglow FROM")
    names = [n for n in args.judges.split(",") if n]
    if not set(names) <= set(judge.JUDGES):
        raise Mistake(f"--judges {args.judges}: they are {', '.join(judge.JUDGES)}")
    device = choose_device(args.device)
    lines = sentences.read_lines(args.sentences)[: args.count]
    if not lines:
        raise Mistake(f"{args.sentences} holds no sentence")
    voice = Voice(args.tacotron2 or args.voice, args.waveglow or args.voice, text.Lexicon(args.lexicon), device)
    corpus = Corpus(args.data, device) if args.data else None
    teacher = None if args.teacher == "none" else args.teacher
    print_table(evaluate(voice, lines, args.out, corpus, args.copies, judge.available(names), teacher, args.seed, title=args.title))
