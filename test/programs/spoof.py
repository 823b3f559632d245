"""What a hostile container could do on its network, and the honest thing beside it, without waiting for silence.

    spoof.py PLACES

PLACES is JSON: {"attacker": PID, "victim": PID, "peer": PID, "host": PID, "lan": ADDRESS, "gateway": ADDRESS,
"bridge": MAC of the gateway} with pids of processes in those network namespaces. Prints JSON: what arrived.

Each attempt is followed by an honest packet on the same way: when that has arrived, what came before it is all there is.
"""
import ctypes
import json
import os
import socket
import struct
import subprocess
import sys

libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
ETH_IP, ETH_ARP, ETH_IP6 = 0x0800, 0x0806, 0x86DD
PORT = 5999


def inside(pid, work):
    with open("/proc/self/ns/net") as home, open(f"/proc/{pid}/ns/net") as there:
        if libc.setns(there.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
        try:
            return work()
        finally:
            libc.setns(home.fileno(), CLONE_NEWNET)


def address(pid, family, link="eth0"):
    def ask():
        links = json.loads(subprocess.check_output(["ip", "-j", "addr", "show", link]))
        for info in links[0]["addr_info"]:
            if info["family"] == family and info["scope"] == "global":
                return info["local"]
        return None

    return inside(pid, ask)


def mac(pid, link="eth0"):
    return inside(pid, lambda: json.loads(subprocess.check_output(["ip", "-j", "link", "show", link]))[0]["address"])


def octets(text):
    return bytes(int(part, 16) for part in text.split(":"))


def raw(pid):
    def make():
        s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        s.bind(("eth0", 0))
        return s

    return inside(pid, make)


def listener(pid, family=socket.AF_INET):
    def make():
        s = socket.socket(family, socket.SOCK_DGRAM)
        if family == socket.AF_INET6:
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        s.bind(("::" if family == socket.AF_INET6 else "0.0.0.0", PORT))
        s.settimeout(30)
        return s

    return inside(pid, make)


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def udp4(source, target, payload):
    udp = struct.pack("!HHHH", 4000, PORT, 8 + len(payload), 0) + payload
    ends = socket.inet_aton(source) + socket.inet_aton(target)
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0) + ends
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + udp


def udp6(source, target, payload):
    ends = socket.inet_pton(socket.AF_INET6, source) + socket.inet_pton(socket.AF_INET6, target)
    length = 8 + len(payload)
    udp = struct.pack("!HHHH", 4000, PORT, length, 0) + payload
    total = checksum(ends + struct.pack("!II", length, 17) + udp) or 0xFFFF
    udp = udp[:6] + struct.pack("!H", total) + udp[8:]
    return struct.pack("!IHBB", 6 << 28, length, 17, 64) + ends + udp


def frame(source, target, kind, body):
    return octets(target) + octets(source) + struct.pack("!H", kind) + body


def arp_reply(sender_mac, sender, target_mac, target):
    ends = octets(sender_mac) + socket.inet_aton(sender) + octets(target_mac) + socket.inet_aton(target)
    return frame(sender_mac, target_mac, ETH_ARP, struct.pack("!HHBBH", 1, ETH_IP, 6, 4, 2) + ends)


def advertisement(sender_mac, source, target_mac, target, claimed):
    """A neighbour advertisement that overrides what is known."""
    ends = socket.inet_pton(socket.AF_INET6, source) + socket.inet_pton(socket.AF_INET6, target)
    claim = socket.inet_pton(socket.AF_INET6, claimed)
    body = struct.pack("!BBHI", 136, 0, 0, 0x60000000) + claim + b"\x02\x01" + octets(sender_mac)
    total = checksum(ends + struct.pack("!II", len(body), 58) + body)
    body = body[:2] + struct.pack("!H", total) + body[4:]
    header = struct.pack("!IHBB", 6 << 28, len(body), 58, 255)
    return frame(sender_mac, target_mac, ETH_IP6, header + ends + body)


def until_marker(sock):
    """Payloads in the order they came, up to the honest one."""
    heard = []
    while not heard or heard[-1] != "honest":
        heard.append(sock.recvfrom(2048)[0].decode())
    return heard


def neighbours(pid):
    def ask():
        table = json.loads(subprocess.check_output(["ip", "-j", "neigh", "show"]) or "[]")
        return {entry["dst"]: entry.get("lladdr") for entry in table}

    return inside(pid, ask)


def believe_at_once(pid):
    """A kernel keeps what it heard of a neighbour for a second, whatever else is said meanwhile."""

    def tell():
        with open("/proc/sys/net/ipv4/neigh/eth0/locktime", "w") as switch:
            switch.write("0")

    inside(pid, tell)


def until_known(pid, address_, wanted, poke):
    for _ in range(300):
        poke()
        if neighbours(pid).get(address_) == wanted:
            return True
        subprocess.call(["sleep", "0.05"])
    return False


def say(pid, target, payload, family=socket.AF_INET):
    def send():
        with socket.socket(family, socket.SOCK_DGRAM) as s:
            s.sendto(payload, (target, PORT))

    inside(pid, send)


def main():
    places = json.loads(sys.argv[1])
    attacker, victim, peer, host = (places[who] for who in ("attacker", "victim", "peer", "host"))
    own, hurt, friend = (address(pid, "inet") for pid in (attacker, victim, peer))
    own6, hurt6, friend6 = (address(pid, "inet6") for pid in (attacker, victim, peer))
    own_mac, hurt_mac, friend_mac = mac(attacker), mac(victim), mac(peer)
    sender = raw(attacker)
    result = {}

    at_peer = listener(peer)
    for source in (hurt, places["gateway"], places["lan"], own):
        payload = b"honest" if source == own else b"as " + source.encode()
        sender.send(frame(own_mac, friend_mac, ETH_IP, udp4(source, friend, payload)))
    result["peer hears"] = until_marker(at_peer)

    at_peer6 = listener(peer, socket.AF_INET6)
    for source in (hurt6, own6):
        payload = b"honest" if source == own6 else b"as " + source.encode()
        sender.send(frame(own_mac, friend_mac, ETH_IP6, udp6(source, friend6, payload)))
    result["peer hears by IPv6"] = until_marker(at_peer6)

    at_host = listener(host)
    for source in (places["lan"], hurt, own):
        payload = b"honest" if source == own else b"as " + source.encode()
        sender.send(frame(own_mac, places["bridge"], ETH_IP, udp4(source, places["gateway"], payload)))
    result["host hears"] = until_marker(at_host)

    # An address that nobody has may be taken, as a cluster's moving address is: the honest twin of the lies before it.
    free = own.rsplit(".", 1)[0] + ".250"
    free6 = own6.rsplit(":", 1)[0] + ":fa11"
    believe_at_once(peer)
    say(peer, hurt, b"hello")
    say(peer, places["gateway"], b"hello")
    say(peer, hurt6, b"hello", socket.AF_INET6)
    known = until_known(peer, hurt, hurt_mac, lambda: say(peer, hurt, b"hello"))
    known = known and until_known(peer, hurt6, hurt_mac, lambda: say(peer, hurt6, b"hello", socket.AF_INET6))
    for claimed in (hurt, places["gateway"]):
        sender.send(arp_reply(own_mac, claimed, friend_mac, friend))
    sender.send(advertisement(own_mac, own6, friend_mac, friend6, hurt6))

    def announce():
        say(peer, free, b"who")
        sender.send(arp_reply(own_mac, free, friend_mac, friend))

    def announce6():
        say(peer, free6, b"who", socket.AF_INET6)
        sender.send(advertisement(own_mac, own6, friend_mac, friend6, free6))

    result["free address is taken"] = until_known(peer, free, own_mac, announce)
    result["free IPv6 address is taken"] = until_known(peer, free6, own_mac, announce6)
    table = neighbours(peer)
    result["neighbours stay"] = known and table[hurt] == table[hurt6] == hurt_mac
    result["gateway stays"] = table[places["gateway"]] == places["bridge"]

    # Frames as if from the victim's card would make the bridge send the attacker what is the victim's.
    at_victim = listener(victim)
    spy = inside(attacker, lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_IP)))
    spy.bind(("eth0", ETH_IP))
    spy.setblocking(False)
    for _ in range(3):
        sender.send(frame(hurt_mac, friend_mac, ETH_IP, udp4(own, friend, b"moved")))
        say(peer, hurt, b"private")
    say(peer, hurt, b"honest")
    result["victim hears"] = until_marker(at_victim)
    seen = 0
    while True:
        try:
            seen += b"private" in spy.recv(2048)
        except BlockingIOError:
            break
    result["attacker sees"] = seen
    print(json.dumps(result))


main()
