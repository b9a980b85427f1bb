"""A file of countries in the format of MaxMind, as small as it can be: networks and their codes.
https://maxmind.github.io/MaxMind-DB/"""
import ipaddress
import time

STRING, UINT16, UINT32, MAP, UINT64, ARRAY = 2, 5, 6, 7, 9, 11
GAP = 16  # bytes of zeros between the tree and the data


def encoded(value):
    if isinstance(value, dict):
        return bytes([MAP << 5 | len(value)]) + b"".join(
            encoded(key) + encoded(inner) for key, inner in value.items())
    if isinstance(value, list):
        return bytes([len(value), ARRAY - 7]) + b"".join(map(encoded, value))
    if isinstance(value, str):
        return bytes([STRING << 5 | len(value)]) + value.encode()
    kind, number = value
    data = number.to_bytes(8, "big").lstrip(b"\0")
    head = [kind << 5 | len(data)] if kind < 8 else [len(data), kind - 7]
    return bytes(head) + data


def bits_of(network):
    """Addresses of IPv4 are in the tree of IPv6 as ::/96."""
    network = ipaddress.ip_network(network)
    before = "0" * 96 if network.version == 4 else ""
    return before + f"{int(network.network_address):0{network.max_prefixlen}b}"[:network.prefixlen]


def file_of(countries):
    """countries: {network: code}, of which none is within another."""
    data, offsets, nodes = b"", {}, [[None, None]]
    for code in sorted(set(countries.values())):
        offsets[code] = len(data)
        data += encoded({"country": {"iso_code": code}})
    for network, code in countries.items():
        bits, node = bits_of(network), 0
        for bit in map(int, bits[:-1]):
            if nodes[node][bit] is None:
                nodes.append([None, None])
                nodes[node][bit] = len(nodes) - 1
            node = nodes[node][bit]
        nodes[node][int(bits[-1])] = code

    def record(of):
        number = len(nodes) if of is None else (
            len(nodes) + GAP + offsets[of] if isinstance(of, str) else of)
        return number.to_bytes(3, "big")

    tree = b"".join(record(side) for node in nodes for side in node)
    return tree + bytes(GAP) + data + b"\xab\xcd\xefMaxMind.com" + encoded({
        "binary_format_major_version": (UINT16, 2), "binary_format_minor_version": (UINT16, 0),
        "build_epoch": (UINT64, int(time.time())), "database_type": "Test-Country",
        "description": {"en": "Test"}, "ip_version": (UINT16, 6), "languages": ["en"],
        "node_count": (UINT32, len(nodes)), "record_size": (UINT16, 24)})
