"""Walks a reply against the operation's output shape in botocore's service model."""
import datetime
import json
import re

_PATTERNS = {}
# Shapes whose text botocore decodes into a dict before a caller sees it.
_DECODED = ("policyDocumentType",)


def _pattern(text):
    if text not in _PATTERNS:
        try:
            _PATTERNS[text] = None if "\\p{" in text or "\\u10000" in text else re.compile("(?:%s)" % text, re.S)
        except re.error:
            _PATTERNS[text] = None
    return _PATTERNS[text]


def _text(shape, value, path, out):
    meta = shape.metadata
    if not isinstance(value, str):
        if not (shape.name in _DECODED and isinstance(value, dict)):
            out.append("%s is %s, not a string" % (path, type(value).__name__))
        return
    allowed = getattr(shape, "enum", None) or meta.get("enum")
    if allowed and value not in allowed:
        out.append("%s is %r, which is not a known %s" % (path, value, shape.name))
    if "min" in meta and len(value) < meta["min"]:
        out.append("%s has length %d, under the minimum %s" % (path, len(value), meta["min"]))
    if "max" in meta and len(value) > meta["max"]:
        out.append("%s has length %d, over the maximum %s" % (path, len(value), meta["max"]))
    if shape.name == "PolicyArn" and re.fullmatch(r"arn:aws:organizations::\d{12}:policy/o-[a-z0-9]{10,32}/[0-9a-z_]+/p-[0-9a-z]{8,32}", value):
        return  # the model wants ten characters here and eight in the id: eight is what AWS gives
    if meta.get("pattern"):
        compiled = _pattern(meta["pattern"])
        if compiled and not compiled.fullmatch(value):
            out.append("%s is %r, which does not match %s" % (path, value[:80], meta["pattern"][:60]))


def _walk(shape, value, path, out, required=True):
    kind, meta = shape.type_name, shape.metadata
    if kind == "structure":
        if not isinstance(value, dict):
            return out.append("%s is %s, not a structure" % (path, type(value).__name__))
        for member in shape.required_members if required else ():
            if member not in value or value[member] is None:
                out.append("%s.%s is required and missing" % (path, member))
        for k, v in value.items():
            if k in shape.members and v is not None:
                _walk(shape.members[k], v, "%s.%s" % (path, k), out)
    elif kind == "list":
        if not isinstance(value, list):
            return out.append("%s is %s, not a list" % (path, type(value).__name__))
        if "min" in meta and len(value) < meta["min"]:
            out.append("%s has %d items, under the minimum %s" % (path, len(value), meta["min"]))
        if "max" in meta and len(value) > meta["max"]:
            out.append("%s has %d items, over the maximum %s" % (path, len(value), meta["max"]))
        for v in value:
            _walk(shape.member, v, path + "[]", out)
    elif kind == "map":
        if not isinstance(value, dict):
            return out.append("%s is %s, not a map" % (path, type(value).__name__))
        for k, v in value.items():
            _walk(shape.key, k, path + "{key}", out)
            _walk(shape.value, v, path + "{}", out)
    elif kind == "string":
        _text(shape, value, path, out)
    elif kind in ("integer", "long"):
        if isinstance(value, bool) or not isinstance(value, int):
            out.append("%s is %s, not an integer" % (path, type(value).__name__))
        elif ("min" in meta and value < meta["min"]) or ("max" in meta and value > meta["max"]):
            out.append("%s is %d, out of %s..%s" % (path, value, meta.get("min"), meta.get("max")))
    elif kind in ("float", "double"):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            out.append("%s is %s, not a number" % (path, type(value).__name__))
    elif kind == "boolean":
        if not isinstance(value, bool):
            out.append("%s is %s, not a boolean" % (path, type(value).__name__))
    elif kind == "timestamp":
        if not isinstance(value, datetime.datetime):
            out.append("%s is %s, not a timestamp" % (path, type(value).__name__))


def _walk_json(shape, value, path, out):
    """The body as sent: members the model does not know, and the wire form of timestamps."""
    if value is None:
        return
    if shape.type_name == "structure" and isinstance(value, dict):
        names = {m.serialization.get("name", k): m for k, m in shape.members.items()}
        for k, v in value.items():
            if k in names:
                _walk_json(names[k], v, "%s.%s" % (path, k), out)
            elif k != "__type":
                out.append("%s.%s is not in the model" % (path, k))
    elif shape.type_name == "list" and isinstance(value, list):
        for v in value:
            _walk_json(shape.member, v, path + "[]", out)
    elif shape.type_name == "map" and isinstance(value, dict):
        for v in value.values():
            _walk_json(shape.value, v, path + "{}", out)
    elif shape.type_name == "timestamp" and shape.serialization.get("timestampFormat") in (None, "unixTimestamp"):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            out.append("%s is sent as %s, not as epoch seconds" % (path, type(value).__name__))


def response(service, model, http, parsed):
    """The list of departures of one reply (as texts; empty when it is right)."""
    out, protocol = [], model.service_model.metadata.get("protocol")
    if http.status_code >= 300:
        error = parsed.get("Error", {})
        if http.status_code >= 500:
            out.append("HTTP %d" % http.status_code)
        elif not error.get("Code"):
            out.append("an error without a code (HTTP %d)" % http.status_code)
        elif not error.get("Message") and model.http.get("method") != "HEAD":
            out.append("an error without a message (%s)" % error.get("Code"))
        return out
    shape = model.output_shape
    if shape is None:
        return out
    body = {k: v for k, v in parsed.items() if k != "ResponseMetadata"}
    if model.has_streaming_output:
        body.pop(shape.serialization.get("payload"), None)
        for member in shape.required_members:
            if member not in parsed:
                out.append("%s is required and missing" % member)
        _walk(shape, body, model.name, out, required=False)
        return out
    _walk(shape, body, model.name, out)
    if protocol == "json" or (protocol == "rest-json" and not shape.serialization.get("payload")):
        kind = http.headers.get("content-type", "")
        if protocol == "json" and http.content and not kind.startswith("application/x-amz-json"):
            out.append("the content type is %r, not application/x-amz-json-1.1" % kind)
        try:
            _walk_json(shape, json.loads(http.content or b"{}"), model.name, out)
        except ValueError:
            out.append("the body is not JSON")
    return out
