"""One command from free text to a voice file, within a fixed number of minutes on one GPU.

    python -m tacoglow_train voice --minutes 25 --out DIR

The plan, in shares of the minutes that the corpus leaves; every part is a command of its own that could be run by hand
(they are printed):

    corpus    the teacher reads on all cores, `prepare` packs; meanwhile a probe tries CUDA graphs and torch.compile
    side by side on the GPU, each in its own process:
        Tacotron 2            until 65 %
        vocoder: likelihood   until 12 % (not after a warm start), through the inverse until 40 %, adversarial until 65 %
    then, with the GPU to itself:
        vocoder: in the stage that proved best, half on Tacotron 2's own mels, until 92 %
    a stage of the vocoder is kept only if it is better on held-out clips: by DNSMOS where that is installed, which hears what
    the adversarial stage is for, else by STFT and log-mel distance; and if it is quiet where it has to be
    voice.f16 and voice.int8 are exported, judged as far as judges are installed

From the first validation on, every --export-minutes the best so far is exported, so that DIR always holds a voice when the
machine goes away. A part that dies is started again from its checkpoint, without CUDA graphs.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import torch

from . import Mistake, checkpoint, evaluate, export, judge, sentences, text
from .audio import HOP, RATE
from .corpus import load_teacher
from .data import Corpus, own_mels
from .losses import SpectralLoss
from .options import read_config
from .ranks import choose_device
from .tacotron2 import Tacotron2
from .voice import Voice
from .waveglow import WaveGlow

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Part:
    """A training process that is watched: started again once, more carefully, when it dies."""

    def __init__(self, name, arguments, folder, careful=()):
        self.name, self.arguments, self.folder, self.careful = name, arguments, folder, list(careful)
        self.tries, self.stopped = 0, False
        self.start()

    def start(self):
        self.tries += 1
        arguments = [sys.executable, "-u", "-m", "tacoglow_train", *self.arguments, *(self.careful if self.tries > 1 else [])]
        print(f"{self.name}: {' '.join(arguments[3:])}", flush=True)
        log = open(os.path.join(self.folder, self.name + ".log"), "a")
        self.process = subprocess.Popen(arguments, stdout=log, stderr=subprocess.STDOUT, cwd=PACKAGE)

    def running(self):
        code = self.process.poll()
        if code is None:
            return True
        if code != 0 and self.tries < 2 and not self.stopped:
            print(f"{self.name}: ended with {code}; once more, carefully", flush=True)
            self.start()
            return True
        return False

    def stop(self):
        self.stopped = True
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()

    def tail(self):
        with open(os.path.join(self.folder, self.name + ".log"), errors="replace") as f:
            lines = f.read().replace("\r", "\n").split("\n")
        return next((line for line in reversed(lines) if line.strip()), "")


class Plan:
    def __init__(self, args):
        self.args, self.start = args, time.time()
        for name in ("out", "work", "text", "data", "lexicon", "warm_start"):  # the parts run in another folder
            given = getattr(args, name)
            setattr(args, name, given and os.path.abspath(given))
        args.config = os.path.abspath(args.config) if os.path.isfile(args.config) else args.config
        self.out, self.work = args.out, args.work or os.path.join(args.out, "work")
        self.device = choose_device()
        self.precision = args.precision or ("bf16" if self.device.type == "cuda" else "fp32")
        self.check()
        os.makedirs(self.out, exist_ok=True)
        os.makedirs(self.work, exist_ok=True)
        self.parts, self.ways, self.vocoders, self.scores, self.dnsmos = [], {}, [], {}, judge.available(["dnsmos"]).get("dnsmos")
        self.stopping, self.next_export = False, self.start + 60 * args.export_minutes
        signal.signal(signal.SIGTERM, self._on_signal)

    def check(self):
        """What would otherwise be found out when minutes of a borrowed machine are gone."""
        config = read_config(self.args.config)
        text.Lexicon(self.args.lexicon)
        if self.args.data:
            source = Corpus(self.args.data).source
        else:
            sentences.collect(self.args.text, 1, 1)
            source = {"license": load_teacher("hibari").license}
        licences = {source.get("license"), *([checkpoint.origin(self.args.warm_start, "waveglow")["license"]] if self.args.warm_start else [])}
        if not self.args.license and (len(licences) > 1 or None in licences):
            raise Mistake(f"--license is to be given: of what the voice is made from it is {' and '.join(sorted(map(str, licences)))}")
        self.license = self.args.license or licences.pop()
        for kind, make in (("tacotron2", Tacotron2), ("waveglow", WaveGlow)):
            if self.args.warm_start and checkpoint.load_matching(make(config.get(kind, {})), checkpoint.read_weights(self.args.warm_start, kind)[0]):
                raise Mistake(f"{self.args.warm_start} has a {kind} of another size than --config {self.args.config}")

    def _on_signal(self, *_):
        self.stopping = True

    def path(self, name):
        return os.path.join(self.work, name)

    def minutes(self):
        return (time.time() - self.start) / 60

    def left_until(self, share):
        """Minutes from now to that share of the whole."""
        return max(0.05, share * self.args.minutes - self.minutes())

    def say(self, line):
        print(f"[{self.minutes():5.1f} min] {line}", flush=True)

    # -- corpus and probe -------------------------------------------------------------------------

    def make_corpus(self):
        args, probe = self.args, None
        if self.device.type == "cuda" and not args.no_probe:
            probe = Part("probe", ["benchmark", "--config", args.config, "--probe"], self.work)
            probe.stopped = True  # once is enough
        packed = args.data or self.path("packed")
        if not os.path.exists(os.path.join(packed, "clips.json")):
            if not os.path.exists(os.path.join(self.path("speech"), "metadata.csv")):
                options = ["--hours", str(args.hours), "--seed", str(args.seed), "--longest", str(args.longest)]
                self.command("corpus", self.path("speech"), "--text", args.text, *options, *(["--workers", str(args.workers)] if args.workers else []))
            lexicon = ["--lexicon", args.lexicon] if args.lexicon else []
            self.command("prepare", self.path("speech"), "--out", packed, *lexicon)
            shutil.rmtree(self.path("speech"), ignore_errors=True)
        if probe:
            deadline = time.time() + 60 * min(2.0, 0.1 * args.minutes)
            while probe.running() and time.time() < deadline:
                time.sleep(0.5)
            probe.process.kill()
            self.ways = self.read_probe()
            self.say(f"fastest ways: {self.ways or 'plain'}")
        return packed

    def read_probe(self):
        with open(self.path("probe.log"), errors="replace") as f:
            found = [line for line in f if line.startswith("probe: {")]
        return json.loads(found[-1][len("probe: ") :]) if found else {}

    def command(self, *arguments):
        self.say(" ".join(arguments))
        if subprocess.run([sys.executable, "-u", "-m", "tacoglow_train", *arguments], cwd=PACKAGE).returncode:
            raise Mistake(f"{arguments[0]} failed, as said above")

    # -- training ---------------------------------------------------------------------------------

    def train(self, name, network, minutes, warm_start=None, more=()):
        """Starts a training process for so many minutes; what it does best is in <work>/<name>/best."""
        args, way, cuda = self.args, self.ways.get(network, {}), self.device.type == "cuda"
        options = {
            "log_seconds": max(1.0, 0.6 * minutes), "validate_minutes": minutes / 8, "checkpoint_minutes": minutes / 6,
            "compile": way.get("compile", False), "graphs": way.get("graphs", False),
        }
        arguments = ["train", network, "--config", args.config, "--data", self.packed, "--out", self.path(name), "--resume"]
        arguments += ["--max-minutes", f"{minutes:.2f}", "--precision", self.precision, "--seed", str(args.seed)]
        arguments += ["--warm-start", warm_start] if warm_start else []
        arguments += ["--lexicon", args.lexicon] if args.lexicon else []
        arguments += ["--threads", "2" if cuda else "1", *more]
        for option, value in options.items():
            arguments += ["--set", f"{option}={json.dumps(value)}"]
        part = Part(name, arguments, self.work, ["--set", "graphs=false", "--set", "compile=false"])
        self.parts.append(part)
        return part

    def wait(self, part, until):
        """Until a part is done or the share of time is over, watching the others and exporting the best so far now and then."""
        next_word = 0.0
        while part.running() and not self.stopping:
            time.sleep(0.3)
            at_work = [p for p in self.parts if p.running()]
            if self.minutes() > until * self.args.minutes + 0.5:
                self.say(f"out of time: stopping {part.name}")
                break
            if time.time() > next_word:
                next_word = time.time() + max(5.0, 2 * self.args.minutes)
                for p in at_work:
                    self.say(f"{p.name}: {p.tail()[:220]}")
            if time.time() > self.next_export:
                self.export("so far")
                self.next_export = time.time() + 60 * self.args.export_minutes
        part.stop()

    def vocoder(self, name, stage, until, more=()):
        """Starts a stage of the vocoder on the best one so far."""
        start = self.best(self.vocoders[-1]) if self.vocoders else None
        self.vocoders.append(self.path(name))
        return self.train(name, "waveglow", self.left_until(until), start, ["--stage", stage, *more])

    def run(self):
        args = self.args
        self.packed = self.make_corpus()
        begin = self.minutes() / args.minutes
        share = lambda s: begin + s * (1 - begin)
        self.vocoders = [args.warm_start] if args.warm_start else []
        first = ["--set", "first_steps=0"] if args.warm_start else []
        tacotron = self.train("tacotron2", "tacotron2", self.left_until(share(0.65)), args.warm_start, first)
        for stage, until in (("likelihood", 0.12), ("inverse", 0.40), ("adversarial", 0.65)):
            if self.stopping or (stage == "likelihood" and args.warm_start) or self.left_until(share(until)) < 0.02 * args.minutes:
                continue
            self.wait(self.vocoder(stage, stage, share(until)), share(until + 0.01))
            if stage != "likelihood":
                self.choose_vocoder()
        self.wait(tacotron, share(0.66))
        self.export("after Tacotron 2")
        if not self.stopping and self.vocoders and self.is_there(self.path("tacotron2")):
            self.vocoders, self.scores = self.vocoders[-1:], {}  # from here on judged on Tacotron 2's own mels
            more = ["--tacotron", self.best(self.path("tacotron2")), "--lr", "2e-4"]
            stage = "adversarial" if self.vocoders == [self.path("adversarial")] else "inverse"
            self.wait(self.vocoder("own-mels", stage, share(0.92), more), share(0.93))
            self.choose_vocoder()
        self.export("final")
        self.judge()
        open(os.path.join(self.out, "done"), "w").close()
        self.say(f"done: {', '.join(sorted(os.listdir(self.out)))}")

    # -- what goes into the voice -----------------------------------------------------------------

    @staticmethod
    def best(source):
        """The best checkpoint of a run, else its newest; a voice file is itself."""
        if not os.path.isdir(source):
            return source
        best = os.path.join(source, "best")
        return best if os.path.exists(os.path.join(best, "state.json")) else (checkpoint.latest(source) or source)

    @torch.no_grad()
    def score(self, source, count=12):
        """How bad a vocoder is on held-out clips, from Tacotron 2's mels if there is one that is done, else from recordings':
        DNSMOS below zero where it is installed, else STFT + log-mel distance. Infinite if it is not stable."""
        if not export.hum(source) < 100:
            return float("inf")
        weights, config = checkpoint.read_weights(source, "waveglow")
        network = WaveGlow(config).to(self.device).eval()
        checkpoint.load_matching(network, weights)
        corpus = Corpus(self.packed)  # on the CPU it stays a file, of which little is read
        clips = [i for i in corpus.held_out if corpus.frames[i] >= 40][:count]
        own = None
        if not self.parts[0].running() and self.is_there(self.path("tacotron2")):
            weights, config = checkpoint.read_weights(self.best(self.path("tacotron2")), "tacotron2")
            tacotron = Tacotron2(config)
            checkpoint.load_matching(tacotron, weights)
            torch.manual_seed(3)
            own = own_mels(corpus, tacotron, text.Lexicon(self.args.lexicon), clips=clips)
        torch.manual_seed(4)
        total, spectral = 0.0, SpectralLoss()
        for i in clips:
            clip, frames = torch.tensor([i]), int(corpus.frames[i]) - 1
            zero = torch.zeros_like(clip)
            mel = own[0][own[1][i] :][:frames].float().t().unsqueeze(0) if own else corpus.mels(clip, zero, frames)
            sound = network.infer(mel.to(self.device)).cpu()
            if self.dnsmos:  # of each clip one window, filled with it
                total -= self.dnsmos.rate(np.resize(sound[0].numpy(), self.dnsmos.WINDOW * RATE // self.dnsmos.RATE))[0]
            else:
                total += float(sum(spectral(sound, corpus.waves(clip, zero, frames * HOP))))
        return total / max(1, len(clips))

    def is_there(self, source):
        return os.path.isfile(source) or checkpoint.latest(self.best(source)) is not None

    def choose_vocoder(self):
        """Puts the best vocoder last, of equals the newest: a stage that did not help is not kept, but less than a tenth is noise."""
        for source in self.vocoders:
            if source not in self.scores and self.is_there(source):
                try:
                    score = self.score(self.best(source))
                except Exception as error:  # no memory beside the others, say: never a reason to stop
                    score = float("inf")
                    self.say(f"vocoder {os.path.basename(source)} is not judged: {type(error).__name__}: {error}")
                self.scores[source] = score if score == score else float("inf")
                self.say(f"vocoder {os.path.basename(source)}: {'DNSMOS' if self.dnsmos else 'distance'} {abs(self.scores[source]):.4f}")
        self.vocoders = sorted((v for v in self.vocoders if v in self.scores), key=lambda v: round(self.scores[v], 1), reverse=True)

    def export(self, when):
        """voice.f16 and voice.int8 from the best so far; beside and renamed, and never a reason to stop."""
        try:
            tacotron = self.best(self.path("tacotron2")) if self.is_there(self.path("tacotron2")) else self.args.warm_start
            vocoder = next((self.best(v) for v in reversed(self.vocoders) if self.is_there(v)), None)
            if not tacotron or not vocoder:
                return
            facts = export.training_facts(tacotron, vocoder)
            for dtype in ("f16", "int8"):
                path = os.path.join(self.out, f"voice.{dtype}.safetensors")
                size = export.export(tacotron, vocoder, path, dtype, self.args.name, license=self.license, max_symbols=self.args.max_symbols, training=facts)
            self.say(f"exported, {when}: {os.path.basename(os.path.dirname(tacotron))} + {os.path.basename(os.path.dirname(vocoder))}, int8 {size / 1e6:.1f} MB")
        except Exception as error:
            self.say(f"no export, {when}: {type(error).__name__}: {error}")

    def judge(self):
        try:
            voice = Voice(os.path.join(self.out, "voice.f16.safetensors"), lexicon=text.Lexicon(self.args.lexicon), device=self.device)
            lines = sentences.read_lines(evaluate.EVERYDAY)[: self.args.judge]
            judges = judge.available() if self.left_until(1.0) > 1 else {}
            rows = evaluate.evaluate(voice, lines, os.path.join(self.out, "evaluation"), Corpus(self.packed, self.device), 10, judges, title=self.args.name)
            evaluate.print_table(rows)
        except Exception as error:
            self.say(f"no evaluation: {type(error).__name__}: {error}")


def add_arguments(parser):
    parser.add_argument("--minutes", type=float, default=25.0, help="of everything together")
    parser.add_argument("--out", required=True, help="folder for the voice; logs and checkpoints go to --work")
    parser.add_argument("--work", help="folder of corpus, runs and logs; by default <out>/work")
    parser.add_argument("--config", default="small")
    parser.add_argument("--text", default="/usr/share/wordnet", help="WordNet's folder, or a file from `corpus --write-text`")
    parser.add_argument("--hours", type=float, default=20.0, help="of speech to make")
    parser.add_argument("--longest", type=float, default=7.0, help="seconds of a clip")
    parser.add_argument("--data", help="a packed corpus instead of making one")
    parser.add_argument("--warm-start", metavar="VOICE", help="go on from the weights of a voice file of the same config")
    parser.add_argument("--precision", choices=["fp32", "bf16", "fp16"], help="bf16 on a GPU, fp32 on a CPU")
    parser.add_argument("--name", default="heart")
    parser.add_argument("--license", help="of the voice; by default the corpus's")
    parser.add_argument("--max-symbols", type=int, default=100, help="longest sentence that the engine gives the voice in one piece")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, help="processes that make the corpus")
    parser.add_argument("--export-minutes", type=float, default=3.0)
    parser.add_argument("--judge", type=int, default=50, help="sentences of the final evaluation")
    parser.add_argument("--no-probe", action="store_true", help="do not look for the fastest way first")
    parser.add_argument("--lexicon", help="CMUdict file")


def run(args):
    Plan(args).run()
