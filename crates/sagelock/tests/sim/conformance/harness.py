"""Checks, fixtures, clients. Every check is independent: a raising one only fails itself."""
import os
import random
import re
import sys
import time
import traceback

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

import validate

PORT, SPEED = 5000, 600.0
RUN = "%06x" % random.randrange(16 ** 6)          # makes names unique to this run
RESULTS = {"passed": 0, "failed": 0}
CALLED = set()                                    # every "service:Operation" that was sent
VIOLATIONS = {}                                   # (service, operation, text) -> times seen
LAST = {}                                         # (service, operation) -> (http status, raw body, headers)
_counter = [0]
_clients = {}


def configure(port, speed):
    global PORT, SPEED
    PORT, SPEED = port, speed


# ---------------------------------------------------------------- results
class Result:
    def __init__(self, ok, expected="", actual=""):
        self.ok, self.expected, self.actual = bool(ok), expected, actual


def short(value, limit=420):
    text = re.sub(r"\s+", " ", value if isinstance(value, str) else repr(value))
    return text if len(text) <= limit else text[:limit] + "..."


def fail_line(sentence, page, expected, actual):
    RESULTS["failed"] += 1
    print("FAILED: %s [%s] expected: %s; actual: %s" % (sentence, page, short(expected), short(actual)))
    sys.stdout.flush()


def check(sentence, page, condition):
    """One assertion. condition: a bool, a Result, or a callable that gives either."""
    try:
        value = condition() if callable(condition) else condition
    except Exception as exc:  # noqa: BLE001 - any exception is a failed check
        return fail_line(sentence, page, "no exception", "%s: %s" % (type(exc).__name__, exc))
    if not isinstance(value, Result):
        value = Result(value, "true", value)
    if value.ok:
        RESULTS["passed"] += 1
    else:
        fail_line(sentence, page, value.expected, value.actual)


def value_of(x):
    return x() if callable(x) else x


def eq(actual, expected):
    def run():
        a, e = value_of(actual), value_of(expected)
        return Result(a == e, e, a)
    return run


def has(container, item):
    def run():
        c, i = value_of(container), value_of(item)
        return Result(i in c, "contains %r" % (i,), c)
    return run


def lacks(container, *items):
    def run():
        c = value_of(container)
        found = [i for i in items if i in c]
        return Result(not found, "none of %r" % (items,), {i: c[i] for i in found} if isinstance(c, dict) else c)
    return run


def matches(actual, pattern):
    def run():
        a = value_of(actual)
        return Result(isinstance(a, str) and re.search(pattern, a), "matches %s" % pattern, a)
    return run


def one_of(actual, *allowed):
    def run():
        a = value_of(actual)
        return Result(a in allowed, "one of %r" % (allowed,), a)
    return run


def accepted(call):
    """The call must succeed."""
    def run():
        call()
        return Result(True)
    return run


def err(call, codes=None, text=None, status=None):
    """The call must be refused, with one of these codes and a message that matches text."""
    codes = (codes,) if isinstance(codes, str) else codes

    def run():
        want = "refused with %s%s" % ("/".join(codes) if codes else "a 4xx error", " and message ~ %s" % text if text else "")
        try:
            out = call()
        except ClientError as exc:
            e, http = exc.response.get("Error", {}), exc.response["ResponseMetadata"]["HTTPStatusCode"]
            got = "%s (HTTP %s): %s" % (e.get("Code"), http, e.get("Message"))
            ok = 400 <= http < 500 and (codes is None or e.get("Code") in codes)
            if text and not re.search(text, e.get("Message") or "", re.I):
                ok = False
            if status and http != status:
                ok, want = False, want + " and HTTP %s" % status
            return Result(ok, want, got)
        out = {k: v for k, v in out.items() if k != "ResponseMetadata"} if isinstance(out, dict) else out
        return Result(False, want, "accepted: %r" % (out,))
    return run


class Lazy:
    """A fixture: computed once, on first use; raises the same exception to every user."""
    def __init__(self, fn):
        self.fn, self.state = fn, None

    def __call__(self):
        if self.state is None:
            try:
                self.state = (True, self.fn())
            except Exception as exc:  # noqa: BLE001
                self.state = (False, exc)
        if not self.state[0]:
            raise self.state[1]
        return self.state[1]


def lazy(fn):
    return Lazy(fn)


def step(fn):
    """Run a fixture now; a failure is kept for the checks that use it."""
    fixture = Lazy(fn)
    try:
        fixture()
    except Exception:  # noqa: BLE001
        pass
    return fixture


def scenario(fn):
    try:
        fn()
    except Exception as exc:  # noqa: BLE001
        where = traceback.extract_tb(exc.__traceback__)[-1]
        fail_line("scenario %s could not run to its end" % fn.__name__, "harness", "no exception",
                  "%s: %s (%s:%s)" % (type(exc).__name__, exc, where.filename.rsplit("/", 1)[-1], where.lineno))


# ---------------------------------------------------------------- names and time
def name(stem):
    _counter[0] += 1
    return "%s-%s-%d" % (stem, RUN, _counter[0])


def account():
    """A fresh 12-digit account."""
    return "%d" % random.randrange(210000000000, 899999999999)


def gap(virtual_seconds=3):
    """Let virtual time pass, so that two objects differ by more than a second."""
    time.sleep(max(0.012, virtual_seconds / SPEED))


def wait_for(probe, virtual_minutes=90, every=0.05):
    """Poll until probe() is truthy; returns its value, or the last one."""
    deadline = time.time() + virtual_minutes * 60 / SPEED + 5
    while True:
        value = probe()
        if value or time.time() > deadline:
            return value
        time.sleep(every)


# ---------------------------------------------------------------- clients
def _before(service):
    def run(model, **_):
        CALLED.add("%s:%s" % (service, model.name))
    return run


def _after(service):
    def run(http_response, parsed, model, **_):
        LAST[(service, model.name)] = (http_response.status_code, b"" if model.has_streaming_output
                                       else http_response.content, http_response.headers)
        for text in validate.response(service, model, http_response, parsed):
            key = (service, model.name, text)
            VIOLATIONS[key] = VIOLATIONS.get(key, 0) + 1
    return run


def client(service, region="us-east-1", acct=None, raw=False, creds=None):
    """raw=True sends whatever is given (no client-side validation of parameters)."""
    key = (service, region, acct, raw, creds["AccessKeyId"] if creds else None)
    if key not in _clients:
        c = boto3.session.Session().client(
            service, region_name=region, endpoint_url="http://127.0.0.1:%d" % PORT,
            aws_access_key_id=creds["AccessKeyId"] if creds else (acct or "AKIAIOSFODNN7EXAMPLE"),
            aws_secret_access_key=creds["SecretAccessKey"] if creds else "secret",
            aws_session_token=creds["SessionToken"] if creds else None,
            config=Config(parameter_validation=not raw, connect_timeout=5, read_timeout=60,
                          retries={"mode": "standard", "max_attempts": 3}, s3={"addressing_style": "path"}))
        c.meta.events.register("before-call", _before(service))
        c.meta.events.register_first("after-call", _after(service))
        if os.environ.get("CONFORM_MOTO") and acct and not creds:      # only to try the suite on moto
            c.meta.events.register("before-sign", lambda request, **_: request.headers.add_header("x-moto-account-id", acct))
        _clients[key] = c
    return _clients[key]


def pages(call, item_key, token_in, token_out, limit=400, **kw):
    """Follow a token by hand; returns the list of pages."""
    out, token = [], None
    for _ in range(limit):
        reply = call(**kw, **({token_in: token} if token else {}))
        out.append(reply[item_key])
        token = reply.get(token_out)
        if not token:
            return out
    raise AssertionError("paging did not end after %d pages" % limit)


def flat(list_of_pages):
    return [x for p in list_of_pages for x in p]


def trust(*principals, service=None, condition=None):
    """A trust policy document."""
    import json
    st = {"Effect": "Allow", "Action": "sts:AssumeRole",
          "Principal": {"Service": service} if service else {"AWS": list(principals)}}
    if condition:
        st["Condition"] = condition
    return json.dumps({"Version": "2012-10-17", "Statement": [st]})


ALLOW_ALL = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
_roles = {}


def exec_role(acct=None):
    """A role that SageMaker may assume, made once per account."""
    if acct not in _roles:
        iam, n = client("iam", acct=acct), name("exec")
        _roles[acct] = iam.create_role(RoleName=n, AssumeRolePolicyDocument=trust(service="sagemaker.amazonaws.com"))["Role"]["Arn"]
        iam.put_role_policy(RoleName=n, PolicyName="all", PolicyDocument=ALLOW_ALL)
    return _roles[acct]


def report_violations(services):
    for service in services:
        mine = [k for k in VIOLATIONS if k[0] == service]
        for _, op, text in sorted(mine):
            fail_line("a reply of %s:%s departs from the service model (%d times)" % (service, op, VIOLATIONS[(service, op, text)]),
                      "%s API, %s, response" % (service, op), "the model of botocore", text)
        if not mine and any(k[0] == service for k in LAST):      # a service that never answered proves nothing
            RESULTS["passed"] += 1
