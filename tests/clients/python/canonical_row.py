"""Canonical rows, as a client in another language writes them.

Written from docs/canonical-row.md alone: it shares nothing with dcp, so that a
test which uses it proves that the page tells enough.

    content("INSERT", ["int", "decimal"], [42, Decimal("9.90")])  ->  INSERT [42,"9.9"]
"""

import base64
import datetime
import decimal
import math
import struct


def _shortest_float(value):
    """The shortest decimal that gives the same FLOAT back, as Python writes it."""
    packed = struct.pack("<f", value)
    for digits in range(1, 10):
        text = "%.*e" % (digits - 1, struct.unpack("<f", packed)[0])
        try:
            if struct.pack("<f", float(text)) == packed:
                return text
        except OverflowError:  # rounded up beyond the largest FLOAT
            pass
    raise ValueError("not a FLOAT: %r" % value)


def _digits_and_exponent(text):
    """("12345", 2) for 123.45: the digits without zeros around, and the first one's exponent."""
    number = decimal.Decimal(text)
    _, digits, exponent = number.as_tuple()
    plain = "".join(map(str, digits)).lstrip("0")
    first = exponent + len(plain) - 1
    return plain.rstrip("0"), first


def _number(text, negative):
    digits, e = _digits_and_exponent(text)
    if not digits:
        return "0"
    sign = "-" if negative else ""
    if -7 < e < 21:
        if e < 0:
            return sign + "0." + "0" * (-e - 1) + digits
        whole = digits[:e + 1].ljust(e + 1, "0")
        fraction = digits[e + 1:]
        return sign + whole + ("." + fraction if fraction else "")
    mantissa = digits[0] + ("." + digits[1:] if len(digits) > 1 else "")
    return "%s%se%+d" % (sign, mantissa, e)


def _string(text):
    out = []
    short = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r",
             "\t": "\\t"}
    for c in text:
        out.append(short.get(c) or ("\\u%04x" % ord(c) if c < " " else c))
    return '"' + "".join(out) + '"'


def _decimal(value):
    text = format(decimal.Decimal(value), "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _fraction(micros):
    return (".%06d" % micros).rstrip("0").rstrip(".")


def _datetime(value):
    if isinstance(value, str):  # one that Python's calendar does not have
        return value.replace(" ", "T")
    return value.strftime("%Y-%m-%dT%H:%M:%S") + _fraction(value.microsecond)


def _time(value):
    negative = value < datetime.timedelta(0)
    value = abs(value)
    seconds = value.days * 86400 + value.seconds
    return "%s%02d:%02d:%02d%s" % ("-" if negative else "", seconds // 3600, seconds // 60 % 60,
                                   seconds % 60, _fraction(value.microseconds))


def _json_double(value):
    """The shorter of plain and exponent notation."""
    text = repr(abs(value))
    digits, e = _digits_and_exponent(text)
    sign = "-" if math.copysign(1, value) < 0 else ""
    if not digits:
        return sign + "0.0"
    exponent = digits[0] + ("." + digits[1:] if len(digits) > 1 else "") + "e%+03d" % e
    plain = "%.0f" % abs(value) if e >= len(digits) - 1 else _number(text, False)
    if "e" in plain:
        plain = format(decimal.Decimal(text), "f")
    best = plain if len(plain) <= len(exponent) else exponent
    return sign + best + ("" if "." in best or "e" in best else ".0")


def json_text(value):
    """The canonical text of a JSON document, given as Python's json module reads it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if -2**63 <= value < 2**64 else _json_double(float(value))
    if isinstance(value, float):
        return _json_double(value)
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, list):
        return "[" + ",".join(map(json_text, value)) + "]"
    names = sorted(value, key=lambda name: (len(name.encode()), name.encode()))
    return "{" + ",".join(_string(n) + ":" + json_text(value[n]) for n in names) + "}"


def _base64(value):
    return base64.b64encode(value).decode()


_ELEMENTS = {
    "int": lambda v: str(int(v)),
    "decimal": lambda v: _string(_decimal(v)),
    "float": lambda v: _number(_shortest_float(abs(v)), v < 0),
    "double": lambda v: _number(repr(abs(v)), v < 0),
    "date": lambda v: _string(v if isinstance(v, str) else v.isoformat()),
    "datetime": lambda v: _string(_datetime(v)),
    "timestamp": lambda v: _string(_datetime(v) + "Z"),
    "time": lambda v: _string(_time(v)),
    "text": _string,
    "char": lambda v: _string(v.rstrip(" ")),
    "set": lambda v: _string(",".join(v)),
    "bytes": lambda v: _string(_base64(v)),
    "binary": lambda v: _string(_base64(v.rstrip(b"\0"))),
    "json": lambda v: _string(json_text(v)),
}


def array(kinds, values):
    """The array of `values`; None is NULL, but for the document `null` see JSON_NULL."""
    parts = []
    for kind, value in zip(kinds, values):
        parts.append("null" if value is None else _ELEMENTS[kind](
            None if value is JSON_NULL else value))
    return "[" + ",".join(parts) + "]"


# A JSON column's document `null`, which is not NULL.
JSON_NULL = object()


def content(op, kinds, values):
    return op + " " + array(kinds, values)


def key(table, kinds, values):
    """The key text of a row by its key columns."""
    return table + array(kinds, values)
