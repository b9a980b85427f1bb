"""A worker as the media process drives it: src/media/protocol.h in Python."""
import fcntl
import os
import socket
import struct
import subprocess

TYPES = ("unknown jpeg png webp gif heic avif "
         "pdf m4a ogg webm_audio mp3 mp4 webm quicktime").split()
PICTURES = TYPES[1:7]
FORMATS = ["jpeg", "webp", "avif"]
FAILURES = [None, "empty", "not_this_type", "too_many_pixels", "too_many_frames", "damaged",
            "too_complex"]
WIDTHS = [160, 320, 640, 1280, 2048]
READY, FACTS, RENDITION, DONE, FAILED = range(1, 6)
VERSION = 1
REQUEST = struct.Struct("@IIQIIIIII8I")
ANSWER = struct.Struct("@IIIIII" "IIII" "IIIIII32sQI8I4x")
F_ADD_SEALS, F_GET_SEALS, SEALS = 1033, 1034, 0xF


def memory(data):
    fd = os.memfd_create("original", os.MFD_ALLOW_SEALING)
    os.truncate(fd, len(data))
    os.pwrite(fd, data, 0)
    fcntl.fcntl(fd, F_ADD_SEALS, SEALS)
    return fd


def set_of(names, of):
    return sum(1 << of.index(name) for name in names)


class Gone(Exception):
    """The worker ended without an answer; .signal is what ended it."""

    def __init__(self, status):
        super().__init__(f"the worker ended with {status}")
        self.signal = -status


class Result:
    def __init__(self):
        self.failure, self.replace, self.facts, self.renditions = None, False, None, {}


class Worker:
    def __init__(self, program, **popen):
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.child = subprocess.Popen([program], stdin=theirs, env={}, **popen)
        theirs.close()
        self.socket, self.asked = ours, 0
        kind, answer, _ = self.answer()
        assert kind == READY and answer[2] == 0
        self.landlock = bool(answer[5])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()
        return self.child.wait(timeout=60)

    def answer(self):
        data, fds, _, _ = socket.recv_fds(self.socket, ANSWER.size + 1, 2)
        if not data:
            raise Gone(self.child.wait(timeout=60))
        answer = ANSWER.unpack(data)
        assert answer[0] == VERSION and len(fds) == (answer[1] == RENDITION)
        return answer[1], answer, fds[0] if fds else None

    def ask(self, data, types=TYPES[1:], formats=("jpeg", "webp"), widths=WIDTHS,
            max_pixels=64 << 20, max_frames=1000, deadline_ms=60_000):
        self.asked += 1
        request = REQUEST.pack(VERSION, self.asked, len(data), set_of(types, TYPES),
                               set_of(formats, FORMATS), max_pixels, max_frames, deadline_ms,
                               len(widths), *widths, *[0] * (8 - len(widths)))
        fd = memory(data)
        try:
            socket.send_fds(self.socket, [request], [fd])
        except BrokenPipeError:
            raise Gone(self.child.wait(timeout=60)) from None
        finally:
            os.close(fd)
        return self.result()

    def result(self):
        result = Result()
        while True:
            kind, answer, fd = self.answer()
            assert answer[2] == self.asked
            if kind == FACTS:
                result.facts = facts_of(answer[10:])
            elif kind == RENDITION:
                form, width, height, length = answer[6:10]
                result.renditions[FORMATS[form], width] = (height, bytes_of(fd, length))
            else:
                assert kind in (DONE, FAILED)
                result.failure = FAILURES[answer[3]]
                assert (result.failure is None) == (kind == DONE)
                result.replace = bool(answer[4])
                return result


def facts_of(row):
    of_type, width, height, frames, color, length, thumbhash, near_hash, count, *widths = row
    return {"type": TYPES[of_type], "width": width, "height": height, "frames": frames,
            "color": color, "thumbhash": thumbhash[:length], "near_hash": near_hash,
            "widths": widths[:count]}


def bytes_of(fd, length):
    """What the worker handed over, which it cannot change any more."""
    try:
        assert fcntl.fcntl(fd, F_GET_SEALS) == SEALS and os.fstat(fd).st_size == length
        return os.pread(fd, length, 0)
    finally:
        os.close(fd)
