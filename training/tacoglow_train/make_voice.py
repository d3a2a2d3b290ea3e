"""One command from free text to a voice file, within a fixed number of minutes on one GPU.

    python -m tacoglow_train voice --minutes 25 --out DIR

The plan, in shares of the minutes; every part is a command of its own that could be run by hand (they are printed):

    corpus    the teacher reads on all cores, `prepare` packs; meanwhile a probe tries CUDA graphs and torch.compile
    side by side on the GPU, each in its own process:
        Tacotron 2            until 70 %
        vocoder: likelihood   until 15 %, through the inverse until 70 %
    then, with the GPU to itself:
        vocoder: through the inverse on recordings' and Tacotron 2's own mels, until 93 %
    a stage of the vocoder is kept only if it scores better on held-out clips (STFT + log-mel distance)
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

import torch

from . import checkpoint, evaluate, export, judge, sentences, text
from .data import Corpus
from .losses import SpectralLoss
from .voice import Voice


class Part:
    """A training process that is watched: started again once, more carefully, when it dies."""

    def __init__(self, name, arguments, folder, careful=()):
        self.name, self.arguments, self.folder, self.careful, self.tries = name, arguments, folder, list(careful), 0
        self.start()

    def start(self):
        self.tries += 1
        arguments = [sys.executable, "-u", "-m", "tacoglow_train", *self.arguments, *(self.careful if self.tries > 1 else [])]
        print(f"{self.name}: {' '.join(arguments[3:])}", flush=True)
        log = open(os.path.join(self.folder, self.name + ".log"), "a")
        self.process = subprocess.Popen(arguments, stdout=log, stderr=subprocess.STDOUT, cwd=os.path.join(os.path.dirname(__file__), ".."))

    def running(self):
        code = self.process.poll()
        if code is None:
            return True
        if code != 0 and self.tries < 2:
            print(f"{self.name}: ended with {code}; once more, carefully", flush=True)
            self.start()
            return True
        return False

    def stop(self):
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
        self.out = os.path.abspath(args.out)
        self.work = os.path.abspath(args.work or os.path.join(args.out, "work"))
        os.makedirs(self.out, exist_ok=True)
        os.makedirs(self.work, exist_ok=True)
        self.parts, self.ways, self.vocoders = [], {}, []
        self.stopping = False
        signal.signal(signal.SIGTERM, self._on_signal)

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
        if torch.cuda.is_available() and not args.no_probe:
            probe = Part("probe", ["benchmark", "--config", args.config, "--probe"], self.work)
            probe.tries = 2
        if args.data:
            packed = os.path.abspath(args.data)
        else:
            packed = self.path("packed")
            if not os.path.exists(os.path.join(packed, "clips.json")):
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
        cwd = os.path.join(os.path.dirname(__file__), "..")
        subprocess.run([sys.executable, "-u", "-m", "tacoglow_train", *arguments], check=True, cwd=cwd)

    # -- training ---------------------------------------------------------------------------------

    def train(self, name, network, minutes, warm_start=None, more=()):
        """Starts a training process for so many minutes; what it does best is in <work>/<name>/best."""
        args, way = self.args, self.ways.get(network, {})
        cuda = torch.cuda.is_available()
        options = {
            "log_seconds": max(1.0, 0.6 * minutes), "validate_minutes": minutes / 8, "checkpoint_minutes": minutes / 6,
            "compile": way.get("compile", False),
        }
        options["graphs" if network == "tacotron2" else "capture"] = way.get("graphs", False)
        arguments = ["train", network, "--config", args.config, "--data", self.packed, "--out", self.path(name), "--resume"]
        arguments += ["--max-minutes", f"{minutes:.2f}", "--precision", args.precision or ("bf16" if cuda else "fp32"), "--seed", str(args.seed)]
        arguments += ["--warm-start", warm_start] if warm_start else []
        arguments += ["--lexicon", args.lexicon] if args.lexicon else []
        arguments += ["--threads", "2" if cuda else "1", *more]
        for option, value in options.items():
            arguments += ["--set", f"{option}={json.dumps(value)}"]
        off = "graphs=false" if network == "tacotron2" else "capture=false"
        part = Part(name, arguments, self.work, ["--set", off, "--set", "compile=false"])
        self.parts.append(part)
        return part

    def wait(self, *parts, until=None):
        """Until the parts are done (or the share of time is over), exporting the best so far now and then."""
        next_export = time.time() + 60 * self.args.export_minutes
        next_word = 0.0
        while any([p.running() for p in parts]) and not self.stopping:
            time.sleep(0.3)
            if until is not None and self.minutes() > until * self.args.minutes + 0.5:
                self.say("out of time: stopping " + ", ".join(p.name for p in parts if p.running()))
                break
            if time.time() > next_word:
                next_word = time.time() + max(5.0, 2 * self.args.minutes)
                for p in parts:
                    self.say(f"{p.name}: {p.tail()[:220]}")
            if time.time() > next_export:
                self.export("so far")
                next_export = time.time() + 60 * self.args.export_minutes
        for p in parts:
            p.stop()

    def run(self):
        args = self.args
        self.packed = self.make_corpus()
        begin = self.minutes() / args.minutes
        share = lambda s: begin + s * (1 - begin)
        tacotron = self.train("tacotron2", "tacotron2", self.left_until(share(0.70)), args.warm_start, ["--set", "first_steps=0"] if args.warm_start else [])
        source = args.warm_start
        if not source:
            likelihood = self.train("likelihood", "waveglow", self.left_until(share(0.15)), None, ["--stage", "likelihood"])
            self.wait(likelihood, until=share(0.16))
            source = self.path("likelihood")
        self.vocoders.append(source)
        if not self.stopping:
            inverse = self.train("inverse", "waveglow", self.left_until(share(0.70)), self.best(source), ["--stage", "inverse"])
            self.vocoders.append(self.path("inverse"))
            self.wait(inverse, tacotron, until=share(0.72))
        self.choose_vocoder()
        self.export("after Tacotron 2")
        if not self.stopping and checkpoint.latest(self.best(self.path("tacotron2"))):
            tune = ["--stage", "inverse", "--tacotron", self.best(self.path("tacotron2")), "--lr", "2e-4"]
            own = self.train("own-mels", "waveglow", self.left_until(share(0.92)), self.best(self.vocoders[-1]), tune)
            self.vocoders.append(self.path("own-mels"))
            self.wait(own, until=share(0.94))
        self.choose_vocoder()
        self.export("final")
        self.judge()
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
    def distance(self, source):
        """STFT + log-mel distance of a vocoder on held-out clips, from recordings' mels and from Tacotron 2's own."""
        from .data import VocoderBatches, own_mels
        from .tacotron2 import Tacotron2
        from .waveglow import WaveGlow

        device = "cuda" if torch.cuda.is_available() else "cpu"
        corpus = Corpus(self.packed, device)
        corpus.clips = [corpus.clips[i] for i in corpus.held_out]  # a corpus of the held-out clips alone
        for name in ("starts", "samples"):
            setattr(corpus, name, getattr(corpus, name)[torch.from_numpy(corpus.held_out).to(device)])
        corpus.frames = corpus.frames[corpus.held_out]
        weights, config = checkpoint.read_weights(source, "waveglow")
        network = WaveGlow(config).to(device).eval()
        checkpoint.load_matching(network, weights)
        own, clips, total = None, torch.arange(len(corpus.clips)).numpy(), 0.0
        tacotron_source = self.best(self.path("tacotron2"))
        if checkpoint.latest(tacotron_source):
            weights, config = checkpoint.read_weights(tacotron_source, "tacotron2")
            tacotron = Tacotron2(config).to(device)
            checkpoint.load_matching(tacotron, weights)
            torch.manual_seed(3)
            own = own_mels(corpus, tacotron, text.Lexicon(self.args.lexicon))
        crop = min(32, int(corpus.frames.max()) - 1)
        for share in [0.0] + ([1.0] if own else []):
            batch = VocoderBatches(corpus, clips, 48, crop, 5, 0, 0.0, network.history, own, share)(0)
            torch.manual_seed(4)
            total += float(sum(SpectralLoss().to(device)(network.inverse(batch["mels"]), batch["audio"])))
        return total / (2 if own else 1)

    def choose_vocoder(self):
        """Puts the vocoder with the smallest distance last; a stage that did not help is not kept."""
        scored = []
        for source in dict.fromkeys(self.vocoders):
            if not os.path.isdir(source) or checkpoint.latest(self.best(source)):
                distance = self.distance(self.best(source))
                self.say(f"vocoder {os.path.basename(source)}: distance {distance:.4f}")
                scored.append((distance if distance == distance else float("inf"), source))
        self.vocoders = [s for _, s in sorted(scored, reverse=True)]

    def export(self, when):
        """voice.f16 and voice.int8 from the best so far; beside and renamed, and never a reason to stop."""
        try:
            tacotron = self.best(self.path("tacotron2"))
            if not checkpoint.latest(tacotron):
                tacotron = self.args.warm_start
            vocoder = next((self.best(v) for v in reversed(self.vocoders) if not os.path.isdir(v) or checkpoint.latest(self.best(v))), None)
            if not tacotron or not vocoder:
                return
            facts = export.training_facts(tacotron, vocoder)
            for dtype in ("f16", "int8"):
                path = os.path.join(self.out, f"voice.{dtype}.safetensors")
                size = export.export(tacotron, vocoder, path, dtype, self.args.name, max_symbols=self.args.max_symbols, training=facts)
            self.say(f"exported, {when}: {os.path.basename(os.path.dirname(tacotron))} + {os.path.basename(os.path.dirname(vocoder))}, int8 {size / 1e6:.1f} MB")
        except Exception as error:
            self.say(f"no export, {when}: {type(error).__name__}: {error}")

    def judge(self):
        try:
            device = "cuda" if torch.cuda.is_available() else "cpu"
            voice = Voice(os.path.join(self.out, "voice.f16.safetensors"), lexicon=text.Lexicon(self.args.lexicon), device=device)
            lines = sentences.read_lines(evaluate.EVERYDAY)[: self.args.judge]
            judges = judge.available() if self.left_until(1.0) > 1 else {}
            rows = evaluate.evaluate(voice, lines, os.path.join(self.out, "evaluation"), Corpus(self.packed, device), 10, judges, title=self.args.name)
            evaluate.print_table(rows)
        except Exception as error:
            self.say(f"no evaluation: {type(error).__name__}: {error}")


def add_arguments(parser):
    parser.add_argument("--minutes", type=float, default=25.0, help="of everything together")
    parser.add_argument("--out", required=True, help="folder for the voice; logs and checkpoints go to --work")
    parser.add_argument("--work", help="folder of corpus, runs and logs; by default <out>/work")
    parser.add_argument("--config", default="small")
    parser.add_argument("--text", default="/usr/share/wordnet", help="WordNet's folder, or a file from `corpus --write-text`")
    parser.add_argument("--hours", type=float, default=12.0, help="of speech to make")
    parser.add_argument("--longest", type=float, default=7.0, help="seconds of a clip")
    parser.add_argument("--data", help="a packed corpus instead of making one")
    parser.add_argument("--warm-start", metavar="VOICE", help="go on from the weights of a voice file of the same config")
    parser.add_argument("--precision", choices=["fp32", "bf16", "fp16"], help="bf16 on a GPU, fp32 on a CPU")
    parser.add_argument("--name", default="heart")
    parser.add_argument("--max-symbols", type=int, default=100, help="longest sentence that the engine gives the voice in one piece")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, help="processes that make the corpus")
    parser.add_argument("--export-minutes", type=float, default=3.0)
    parser.add_argument("--judge", type=int, default=50, help="sentences of the final evaluation")
    parser.add_argument("--no-probe", action="store_true", help="do not look for the fastest way first")
    parser.add_argument("--lexicon", help="CMUdict file")


def run(args):
    Plan(args).run()
