"""The contract as GET /openapi.json gives it: with what its readers need beside what it says."""

import copy

import api_docs
import api_samples


def security(op):
    if "public" in op.kinds:
        return []
    return [{}, {"access_token": []}] if "guest" in op.kinds else [{"access_token": []}]


def document(contract):
    made = copy.deepcopy(contract.document)
    for op in contract.operations:
        node = made["paths"][op.path][op.method.lower()]
        node.pop("x-handler", None)  # says nothing to who calls
        said = op.description.strip()
        node["description"] = (said + "\n\n" if said else "") + api_docs.facts(op)
        node["security"] = security(op)
        node["x-codeSamples"] = api_samples.samples(contract, op)
    return made
