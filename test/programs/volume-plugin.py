"""A volume plugin for tests: volumes are tmpfs mounts below a directory, kept in a file, so that it may be killed.

usage: volume-plugin.py SOCKET DIRECTORY [--scope global] [--hang METHOD] [--fail METHOD]
Every call is written to DIRECTORY/calls as "METHOD NAME"; DIRECTORY/mounts lists who has a volume mounted.
"""

import json
import os
import subprocess
import sys
import time

from plugin_server import serve

socket_path, directory, *rest = sys.argv[1:]
settings = dict(zip(rest[::2], rest[1::2]))
state_file = os.path.join(directory, "state.json")


def load():
    try:
        with open(state_file) as file:
            return json.load(file)
    except FileNotFoundError:
        return {}


def save(volumes):
    with open(state_file + ".new", "w") as file:
        json.dump(volumes, file)
    os.rename(state_file + ".new", state_file)


def path_of(name):
    return os.path.join(directory, "volumes", name)


def create(volumes, name, body):
    options = body.get("Opts") or {}
    unknown = [key for key in options if key != "size"]
    if unknown:
        return {"Err": f"unknown option {unknown[0]}"}
    volumes.setdefault(name, {"options": options, "users": []})
    return {}


def remove(volumes, name, _body):
    if volumes[name]["users"]:
        return {"Err": f"volume {name} is still mounted"}
    del volumes[name]
    return {}


def mount(volumes, name, body):
    volume, path = volumes[name], path_of(name)
    if not volume["users"]:
        os.makedirs(path, exist_ok=True)
        size = volume["options"].get("size", "1m")
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", name, path], check=True)
    volume["users"].append(body["ID"])
    return {"Mountpoint": path}


def unmount(volumes, name, body):
    volume = volumes[name]
    volume["users"] = [user for user in volume["users"] if user != body["ID"]]
    if not volume["users"] and os.path.ismount(path_of(name)):
        subprocess.run(["umount", path_of(name)], check=True)
        os.rmdir(path_of(name))
    return {}


def describe(volumes, name):
    users = volumes[name]["users"]
    return {"Name": name, "Mountpoint": path_of(name) if users else "", "Status": {"users": len(users)}}


METHODS = {
    "VolumeDriver.Create": create,
    "VolumeDriver.Remove": remove,
    "VolumeDriver.Mount": mount,
    "VolumeDriver.Unmount": unmount,
    "VolumeDriver.Path": lambda volumes, name, _: {"Mountpoint": path_of(name)},
    "VolumeDriver.Get": lambda volumes, name, _: {"Volume": describe(volumes, name)},
}


def answer(method, body):
    name = body.get("Name", "")
    with open(os.path.join(directory, "calls"), "a") as file:
        file.write(f"{method} {name}\n")
    if method == settings.get("--hang"):
        time.sleep(3600)
    if method == settings.get("--fail"):
        return {"Err": f"{method} does not work today"}
    if method == "Plugin.Activate":
        return {"Implements": ["VolumeDriver"]}
    if method == "VolumeDriver.Capabilities":
        return {"Capabilities": {"Scope": settings.get("--scope", "local")}}
    volumes = load()
    if method == "VolumeDriver.List":
        return {"Volumes": [describe(volumes, each) for each in volumes]}
    if method != "VolumeDriver.Create" and name not in volumes:
        return {"Err": f"no volume {name}"}
    result = METHODS[method](volumes, name, body)
    save(volumes)
    return result


def answer_or_fail(method, body):
    reply = answer(method, body)
    return reply, 500 if reply.get("Err") else 200


os.makedirs(os.path.join(directory, "volumes"), exist_ok=True)
serve(socket_path, answer_or_fail)
