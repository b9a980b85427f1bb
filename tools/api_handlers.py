"""Which C function answers which operations: one of its own for each, unless x-handler names one
that several share. Their inputs are one struct, though each is checked by its own rules."""

from dataclasses import dataclass

from api_fields import Struct


@dataclass
class Handler:
    name: str
    operations: list
    input: Struct


def handlers(contract):
    shared = {}
    for op in contract.operations:
        shared.setdefault(op.handler, []).append(op)
    for name, operations in shared.items():
        first = operations[0]
        if len(operations) == 1 and name != first.cname:
            contract.error(first.id, f"x-handler {name}: no other operation has it")
        for op in operations[1:]:
            if op.stream != first.stream:
                contract.error(op.id, f"shares {name} with {first.id}, and only one is x-stream")
    return [Handler(name, operations, joined(contract, name, operations))
            for name, operations in shared.items()]


def joined(contract, name, operations):
    """The input of all: a parameter of the path that some lack is NULL there; whatever else one of
    them has, all have, declared the same in C."""
    members = {}
    for op in operations:
        for made in op.input.fields:
            members.setdefault(made.cname, []).append((op, made))
    for group in members.values():
        first, member = group[0]
        if len(group) < len(operations):
            lacking = next(op for op in operations if op not in [having for having, _ in group])
            if any(made.place != "IN_PATH" for _, made in group):
                contract.error(lacking.id, f"lacks {member.name}, which {first.id} has ({name})")
            for _, made in group:
                made.lacked = True
        for op, made in group[1:]:
            if made.c_type != member.c_type:
                contract.error(op.id, f"{made.name} is not as {first.id} has it ({name})")
    return Struct(name, [group[0][1] for group in members.values()],
                  about=operations[0].input.about)
