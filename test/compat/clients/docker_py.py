"""docker-py as scripts and Ansible use it, against whatever DOCKER_HOST says. Ends with "done"."""
import io
import tarfile

import docker

client = docker.from_env()
assert client.ping()
assert client.version()["Os"] == "linux"

assert client.containers.run("busybox", ["echo", "hello"], remove=True) == b"hello\n"
try:
    client.containers.run("busybox", ["sh", "-c", "echo bad >&2; exit 4"], remove=True)
    raise SystemExit("no error")
except docker.errors.ContainerError as error:
    assert error.exit_status == 4 and b"bad" in error.stderr, error

box = client.containers.run(
    "busybox",
    ["sleep", "1000"],
    detach=True,
    name="py",
    labels={"made": "by-test"},
    environment={"A": "1"},
    mem_limit="64m",
    ports={"80/tcp": None},
    tmpfs={"/scratch": "size=1m"},
    healthcheck={"test": ["CMD", "true"], "interval": 10**9},
)
assert [c.name for c in client.containers.list(filters={"label": "made=by-test"})] == ["py"]
box.reload()
assert box.status == "running" and box.attrs["HostConfig"]["Memory"] == 64 << 20
assert box.ports["80/tcp"][0]["HostPort"].isdigit()

code, output = box.exec_run(["sh", "-c", "echo $A; echo e >&2; exit 7"], demux=True)
assert (code, output) == (7, (b"1\n", b"e\n")), (code, output)
code, stream = box.exec_run(["sh", "-c", "for i in 1 2 3; do echo $i; done"], stream=True)
assert b"".join(stream) == b"1\n2\n3\n"
socket = box.exec_run(["cat"], stdin=True, socket=True, tty=True).output
socket._sock.sendall(b"typed\n")
assert b"typed" in socket.read(7)
socket.close()

data = io.BytesIO()
with tarfile.open(fileobj=data, mode="w") as tar:
    entry = tarfile.TarInfo("note")
    entry.size = 9
    tar.addfile(entry, io.BytesIO(b"from here"))
assert box.put_archive("/tmp", data.getvalue())
pieces, facts = box.get_archive("/tmp/note")
assert facts["size"] == 9 and b"from here" in b"".join(pieces)

assert box.stats(stream=False)["memory_stats"]["usage"] > 0
assert box.top()["Processes"]
box.rename("py2")
box.update(mem_limit="96m", memswap_limit=-1)
box.pause()
box.unpause()
box.kill("SIGUSR1")
box.restart(timeout=0)
box.stop(timeout=0)
assert box.wait()["StatusCode"] == 137
image = box.commit("py/made", "1", changes='CMD ["true"]')
assert image.tags == ["py/made:1"] and image.attrs["Config"]["Cmd"] == ["true"]
saved = b"".join(client.images.get("py/made:1").save(named=True))
client.images.remove("py/made:1")
assert client.images.load(saved)[0].tags == ["py/made:1"]
client.images.remove("py/made:1")
box.remove()
try:
    client.containers.get("py2")
    raise SystemExit("still there")
except docker.errors.NotFound:
    pass
try:
    client.images.get("nosuch:1")
    raise SystemExit("an image that is not there")
except docker.errors.ImageNotFound:
    pass

network = client.networks.create("py-net", ipam=docker.types.IPAMConfig(pool_configs=[docker.types.IPAMPool(subnet="10.88.6.0/24")]))
member = client.containers.run("busybox", ["sleep", "1000"], detach=True)
network.connect(member, ipv4_address="10.88.6.9", aliases=["m"])
network.reload()
assert [c.id for c in network.containers] == [member.id]
network.disconnect(member)
member.remove(force=True)
network.remove()

volume = client.volumes.create("py-volume", labels={"a": "b"})
text = client.containers.run("busybox", ["sh", "-c", "echo kept >/v/x; cat /v/x"], volumes={"py-volume": {"bind": "/v"}}, remove=True)
assert text == b"kept\n"
volume.remove()
assert client.containers.prune()["SpaceReclaimed"] >= 0
assert "Images" in client.df()
print("done")
