#!/bin/sh
# A WAL segment that was stored with zstd and cut short is unpacked by Barman as a shorter one, without an error; gzip, bzip2, xz and lz4 fail.
#
# Packages:  barman 3.19.1, zstandard 0.25.0 and lz4 4.4.5 (PyPI).
# Guess:     a compressed file that ends too early is an error, as it is to Python's gzip, bz2 and lzma (EOFError) and to `zstd -d`.
# Seen:      of a file cut in half the compressor of Barman for zstd gives a part of the content and 0 for success; its four others raise
#            CommandFailedException. The cause is zstandard: open(), stream_reader(), read_to_iter() and copy_stream() take an end in the middle
#            of a frame for the end of it. Its decompress() raises, and so does backports.zstd (compression.zstd of Python 3.14).
# So:        a `.zst` from Python's streams is held against the length or the checksum that it had; a WAL segment has a known length.
#            What was cut in the last four bytes has all its content, and its checksum was never looked at.
#
# Runs where:  with python3 (3.10 to 3.13) with venv, in a folder of its own.
# Exit codes:  0 as said; 1 otherwise.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check barman==3.19.1 zstandard==0.25.0 lz4==4.4.5 backports.zstd==1.8.0

cat >try.py <<'PY'
import io
import os
from types import SimpleNamespace

import zstandard
from backports import zstd
from barman import compression

content = b"".join(b"%d\n" % (number * number) for number in range(1_000_000))
with open("segment", "wb") as file:
    file.write(content)


def verdict(work):
    try:
        length = work()
    except Exception as error:
        return "fails: " + type(error).__name__
    return "succeeds with " + ("all" if length == len(content) else "a part" if length else "nothing")


def barman(name, compressor):
    its = compressor(SimpleNamespace(compression_level=None, compression=name), name)
    its.compress("segment", "stored")
    os.truncate("stored", os.path.getsize("stored") // 2)
    its.decompress("stored", "restored")
    return os.path.getsize("restored")


for name in ("PyGZip", "PyBZip2", "XZ", "LZ4", "ZSTD"):
    print("Barman", name, verdict(lambda: barman(name.lower(), getattr(compression, name + "Compressor"))))

frame = zstandard.ZstdCompressor(write_checksum=True).compress(content)
for what, cut in (("half of it", frame[: len(frame) // 2]), ("without its checksum", frame[:-4])):
    print(what + ", open", verdict(lambda: len(zstandard.open(io.BytesIO(cut)).read())))
    print(what + ", copy_stream", verdict(lambda: zstandard.ZstdDecompressor().copy_stream(io.BytesIO(cut), io.BytesIO())[1]))
    print(what + ", read_to_iter", verdict(lambda: sum(map(len, zstandard.ZstdDecompressor().read_to_iter(io.BytesIO(cut))))))
    print(what + ", decompress", verdict(lambda: len(zstandard.ZstdDecompressor().decompress(cut))))
    print(what + ", backports.zstd", verdict(lambda: len(zstd.open(io.BytesIO(cut)).read())))
PY
venv/bin/python try.py | tee seen

cat >wanted <<'WANTED'
Barman PyGZip fails: CommandFailedException
Barman PyBZip2 fails: CommandFailedException
Barman XZ fails: CommandFailedException
Barman LZ4 fails: CommandFailedException
Barman ZSTD succeeds with a part
half of it, open succeeds with a part
half of it, copy_stream succeeds with a part
half of it, read_to_iter succeeds with a part
half of it, decompress fails: ZstdError
half of it, backports.zstd fails: EOFError
without its checksum, open succeeds with all
without its checksum, copy_stream succeeds with all
without its checksum, read_to_iter succeeds with all
without its checksum, decompress fails: ZstdError
without its checksum, backports.zstd fails: EOFError
WANTED
cmp seen wanted
