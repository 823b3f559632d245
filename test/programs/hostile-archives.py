"""Writes docker-archives that must be refused: hostile-archives.py DIRECTORY."""

import hashlib
import io
import json
import sys
import tarfile

directory = sys.argv[1]


def member(tar, name, data):
    info = tarfile.TarInfo(name)
    info.size = len(data)
    tar.addfile(info, io.BytesIO(data))


def layer(names):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name in names:
            member(tar, name, b"x")
    return out.getvalue()


def archive(name, content, diff_id=None, cut=None):
    diff_id = diff_id or "sha256:" + hashlib.sha256(content).hexdigest()
    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Cmd": ["sh"]},
            "rootfs": {"type": "layers", "diff_ids": [diff_id]},
        }
    ).encode()
    config_name = hashlib.sha256(config).hexdigest() + ".json"
    manifest = [{"Config": config_name, "RepoTags": ["evil:" + name], "Layers": ["layer.tar"]}]
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        member(tar, "manifest.json", json.dumps(manifest).encode())
        member(tar, config_name, config)
        member(tar, "layer.tar", content)
    data = out.getvalue()
    with open(f"{directory}/{name}.tar", "wb") as file:
        file.write(data[:cut] if cut else data)


archive("dotdot", layer(["ok", "../../../../../../evil-out/PWN"]))
archive("lying", layer(["ok"]), diff_id="sha256:" + "0" * 64)
archive("truncated", layer([f"file{i}" for i in range(50)]), cut=20_000)
