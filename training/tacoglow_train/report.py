"""One HTML page of an evaluation: the table, and per sentence the sound, its spectrogram and its alignment."""

import base64
import html
import io
import struct
import wave
import zlib

import numpy as np

from .audio import RATE, to_int16


def png(image):
    """An 8-bit grey PNG of `[rows, columns]` values in [0, 1], the first row at the top."""
    pixels = (np.clip(image, 0, 1) * 255).astype(np.uint8)
    raw = b"".join(b"\0" + row.tobytes() for row in pixels)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw, 6)) + chunk(b"IEND", b"")


def inline(kind, data):
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def wav_bytes(audio):
    out = io.BytesIO()
    with wave.open(out, "wb") as f:
        f.setnchannels(1)
        f.setsampwidth(2)
        f.setframerate(RATE)
        f.writeframes(to_int16(audio).tobytes())
    return out.getvalue()


def mel_image(mel):
    """`[frames, bands]` -> picture, low bands at the bottom."""
    return np.clip((mel.T[::-1] + 11.5) / 11.5, 0, 1)


def table(rows):
    """Rows of `{column: value}` with a `system` each, as HTML."""
    columns = ["system"] + [c for c in dict.fromkeys(k for row in rows for k in row) if c != "system"]
    cell = lambda v: f"{v:.2f}" if isinstance(v, float) else html.escape(str(v))
    head = "".join(f"<th>{html.escape(c)}</th>" for c in columns)
    body = "".join("<tr>" + "".join(f"<td>{cell(row[c]) if c in row else ''}</td>" for c in columns) + "</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


def page(path, title, rows, items, notes=""):
    """`items`: `{"text", "heard": {judge: text}, "sounds": {system: audio}, "mel", "attention"}`."""
    parts = [
        f"<!doctype html><meta charset=utf-8><title>{html.escape(title)}</title><style>body{{font:15px sans-serif;margin:2em}}"
        "table{border-collapse:collapse}td,th{border:1px solid #ccc;padding:4px 8px;text-align:right}"
        "img{image-rendering:pixelated;height:160px;margin-right:8px}td:first-child{text-align:left}</style>",
        f"<h1>{html.escape(title)}</h1>{table(rows)}<p>{html.escape(notes)}</p>",
    ]
    for item in items:
        parts.append(f"<h3>{html.escape(item['text'])}</h3>")
        for judge, heard in item.get("heard", {}).items():
            parts.append(f"<div>{html.escape(judge)}: {html.escape(heard)}</div>")
        for system, audio in item.get("sounds", {}).items():
            parts.append(f"<div>{html.escape(system)} <audio controls src='{inline('audio/wav', wav_bytes(audio))}'></audio></div>")
        if "mel" in item and len(item["mel"]):
            parts.append(f"<img src='{inline('image/png', png(mel_image(item['mel'])))}'>")
        if "attention" in item and len(item["attention"]):
            parts.append(f"<img src='{inline('image/png', png(item['attention'].T[::-1]))}'>")
    with open(path, "w", encoding="utf-8") as f:
        f.write("\n".join(parts))
