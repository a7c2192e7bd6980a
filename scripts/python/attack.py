"""Attacks a running server as its document describes it: texts that mean something to a database, a shell, a page or a
path in every parameter and every field, sent by an admin of one tenant; and attempts at more than one's role, by name.

    attack.py URL FACTS         FACTS: a JSON file with what scripts/pentest prepared

Findings: a 5xx; words of a database or a stack in an answer; something of the other tenant; an answer that waited as a
text told the database to; a list that a text in `q` opened; an attempt that was not refused as it should be.
Ends with 1 when there is one. Only the standard library and requests.
"""

import base64
import copy
import hashlib
import hmac
import json
import re
import sys
import time
from urllib.parse import quote

import requests

URL, FACTS = sys.argv[1], json.load(open(sys.argv[2], encoding="utf-8"))
# Every text of the other tenant holds it.
MARK = FACTS["mark"]
SLEEP = 4
CORPUS = [
    "'", '"', "\\", "x' OR '1'='1", "x' OR 1=1 --", "') OR ('1'='1", "x'; DROP TABLE membership; --", f"x'||pg_sleep({SLEEP})--",
    f"1; SELECT pg_sleep({SLEEP}); --", f"(SELECT 1 FROM pg_sleep({SLEEP}))", "x' UNION SELECT id, email, password_hash FROM user_account --",
    "'; SET ROLE tenantry_platform; --", "'; SET app.workspaces = '*'; --", "x' AND 1=CAST((SELECT version()) AS int) --",
    "$$;$$", "%27%20OR%201=1", "a\u0000b", "\ufeff\u202e\ud7ff", "%", "_", "%%%", "{{7*7}}", "${7*7}", "<script>alert(1)</script>",
    "../../../../etc/passwd", "..%2f..%2f", "; cat /etc/passwd", "$(id)", "| id", "x\r\nset-cookie: a=b", "-1", "9" * 40, "1e400", "NaN",
    "null", "[]", '{"$gt":""}', "A" * 5000,
]
# In an answer these speak of what is behind the server. None of them stands in the corpus.
LEAKS = re.compile(
    r"syntax error at or near|unterminated quoted|SQLSTATE|invalid input syntax for|violates (?:unique|foreign|check|row)|permission denied for"
    r"|relation \"|column \"|sqlx|PgDatabaseError|tenantry_tenant|panicked at|src/[a-z_/]+\.rs|PostgreSQL \d|root:x:0:0",
    re.IGNORECASE,
)
# These would end the run when they are called as they should be: here only their path is attacked.
ENDS = {"delete_me", "delete_tenant", "leave_tenant", "suspend_tenant", "end_other_sessions", "end_session", "revoke_tokens", "logout"}

http = requests.Session()
findings, sent = [], 0


def finding(what, operation, place, text, answer=None):
    seen = "" if answer is None else f": {answer.status_code} {answer.text[:200]!r}"
    findings.append(f"{what}: {operation} {place}={text[:60]!r}{seen}")


def send(method, path, token, query=None, body=None, headers=None):
    global sent
    sent += 1
    # As it stands: requests would take `..` out of a path.
    request = requests.Request(method, URL, params=query, json=body, headers={"authorization": f"Bearer {token}", **(headers or {})})
    prepared = http.prepare_request(request)
    tail = prepared.url[len(URL):].lstrip("/")
    prepared.url = URL + path + tail
    return http.send(prepared, timeout=30, allow_redirects=False)


def send_again(*request):
    """Once more where the connection is gone: a server may close one whose last body it did not read."""
    try:
        return send(*request)
    except requests.ConnectionError:
        return send(*request)


def judge(operation, place, text, answer, waited):
    if answer.status_code >= 500:
        finding("server error", operation, place, text, answer)
    if LEAKS.search(answer.text):
        finding("speaks of what is behind", operation, place, text, answer)
    if MARK in answer.text and MARK not in text:
        finding("something of another tenant", operation, place, text, answer)
    if "pg_sleep" in text and waited >= SLEEP:
        finding("the database waited", operation, place, text, answer)
    if "set-cookie: a=b" in str(answer.headers).lower() or answer.headers.get("a") == "b":
        finding("a header of the text", operation, place, text, answer)


def texts(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts(one)


def resolve(document, schema):
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


def example(document, schema, depth=0):
    """A value that the schema takes."""
    schema = resolve(document, schema)
    if "example" in schema:
        return copy.deepcopy(schema["example"])
    for word in ("oneOf", "anyOf", "allOf"):
        if word in schema:
            options = [one for one in schema[word] if one.get("type") != "null"]
            return example(document, options[0], depth) if options else None
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type")
    kind = next((one for one in kind if one != "null"), None) if isinstance(kind, list) else kind
    if kind == "object" or "properties" in schema:
        if depth > 4:
            return {}
        return {name: example(document, one, depth + 1) for name, one in schema.get("properties", {}).items()}
    if kind == "array":
        return [example(document, schema.get("items", {}), depth + 1)]
    return {"integer": 1, "number": 1, "boolean": True, "null": None}.get(kind, "text")


def places(value, at=()):
    """Where in a body something can stand."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield from places(one, (*at, name))
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from places(one, (*at, number))
    else:
        yield at


def put(body, at, text):
    body = copy.deepcopy(body)
    spot = body
    for step in at[:-1]:
        spot = spot[step]
    spot[at[-1]] = text
    return body


def inject(document, token, seconds):
    """Every operation, every parameter, every field."""
    until = time.monotonic() + seconds
    order = {"get": 0, "head": 1, "post": 2, "put": 3, "patch": 4, "delete": 5}
    operations = [
        (order[method], method, path, operation)
        for path, methods in document["paths"].items()
        # Second names of the same operations.
        if not path.startswith("/api/v1/organizations")
        for method, operation in methods.items()
        if method in order
    ]
    reached = 0
    for _, method, path, operation in sorted(operations, key=lambda one: (one[0], one[2])):
        if time.monotonic() > until:
            break
        reached += 1
        name = operation["operationId"]
        parameters = [resolve(document, one) for one in operation.get("parameters", [])]
        here = {one["name"]: str(FACTS["path"].get(one["name"], one.get("example", "x"))) for one in parameters if one["in"] == "path"}
        content = resolve(document, operation.get("requestBody", {})).get("content", {}).get("application/json")
        body = None if content is None else content.get("example", example(document, content.get("schema", {})))
        targets = [(one["in"], one["name"]) for one in parameters]
        if method == "get":
            targets += [("header", "x-tenant-id"), ("header", "x-workspace-id")]
        if isinstance(body, (dict, list)):
            targets += [("body", at) for at in places(body) if at]
        for where, what in targets:
            if name in ENDS and where != "path":
                continue
            for text in CORPUS:
                in_path, query, headers, sending = here, {}, {}, body
                if where == "path":
                    in_path = {**here, what: text}
                elif where == "query":
                    query = {what: text}
                elif where == "header":
                    headers = {what: text.encode("utf-8", "replace")}
                    if any(ord(c) < 32 for c in text) or not text.isascii():
                        continue
                else:
                    sending = put(body, what, text)
                full = re.sub(r"\{(\w+)\}", lambda m: quote(in_path.get(m[1], "x"), safe=""), path)
                began = time.monotonic()
                try:
                    answer = send_again(method.upper(), full, token, query, sending, headers)
                except requests.RequestException as error:
                    finding(f"no answer ({type(error).__name__})", name, what, text)
                    continue
                judge(name, what, text, answer, time.monotonic() - began)
                # What a search finds has to hold what was searched.
                if what == "q" and answer.status_code == 200 and answer.headers.get("content-type") == "application/json":
                    # A zero byte is kept as the sign for what cannot be shown.
                    wanted = text.strip().lower().replace("\0", "\ufffd")
                    for item in answer.json()["items"]:
                        if wanted and not any(wanted in one.lower() for one in texts(item)):
                            finding("a search opened a list", name, what, text, answer)
                            break
    print(f"{sent} requests to {reached} of {len(operations)} operations, {len(CORPUS)} texts in each place")
    if reached < len(operations):
        findings.append(f"{len(operations) - reached} operations were not reached in {seconds:.0f} s")


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def forged(token, header, key=None):
    """The claims of a token under another header, signed with `key` by HMAC or not at all."""
    claims = token.split(".")[1]
    head = b64(json.dumps(header).encode())
    signature = b"" if key is None else hmac.new(key, f"{head}.{claims}".encode(), hashlib.sha256).digest()
    return f"{head}.{claims}.{b64(signature)}"


def attempts():
    """Each by its name: what is tried, and the answers that refuse it."""
    a, b, ids = FACTS["a"], FACTS["b"], FACTS["path"]
    viewer, admin, owner, key = FACTS["viewer"], FACTS["admin"], FACTS["owner"], FACTS["key"]
    t = f"/api/v1/tenants/{a}"
    jwks = http.get(f"{URL}/.well-known/jwks.json", timeout=10).json()["keys"][0]
    public = base64.urlsafe_b64decode(jwks["x"] + "==")
    kid = {"kid": jwks["kid"], "typ": json.loads(base64.urlsafe_b64decode(owner.split(".")[0] + "=="))["typ"]}
    gone = {404}
    tries = [
        ("a viewer makes themself owner", "PATCH", f"{t}/members/{FACTS['viewer_id']}", viewer, {"role": "owner"}, {403}),
        ("an admin makes themself owner", "PATCH", f"{t}/members/{FACTS['admin_id']}", admin, {"role": "owner"}, {403}),
        ("an admin removes the owner", "DELETE", f"{t}/members/{FACTS['owner_id']}", admin, None, {403}),
        ("an admin invites an owner", "POST", f"{t}/invitations", admin, {"email": "x@evil.test", "role": "owner"}, {403}),
        ("a viewer gives themself permissions", "PUT", f"{t}/members/{FACTS['viewer_id']}/overrides", viewer, {"overrides": []}, {403, 422}),
        ("a viewer makes a key for more", "POST", f"{t}/api-keys", viewer, {"name": "x", "scopes": ["members:remove"]}, {403, 422}),
        ("a key makes a key", "POST", f"{t}/api-keys", key, {"name": "x", "scopes": ["members:read"]}, {403}),
        ("a key reads an account", "GET", "/api/v1/me", key, None, {403}),
        ("a key of one tenant in another", "GET", f"/api/v1/tenants/{b}/members", key, None, gone),
        ("an owner reads another tenant", "GET", f"/api/v1/tenants/{b}", owner, None, gone),
        ("an owner reads its members", "GET", f"/api/v1/tenants/{b}/members", owner, None, gone),
        ("an owner reads its record", "GET", f"/api/v1/tenants/{b}/audit", owner, None, gone),
        ("an owner writes there", "POST", f"/api/v1/tenants/{b}/workspaces", owner, {"name": "x"}, gone),
        ("a foreign workspace by its id alone", "GET", f"/api/v1/workspaces/{FACTS['b_workspace']}", owner, None, gone),
        ("a foreign workspace under one's own tenant", "GET", f"{t}/workspaces/{FACTS['b_workspace']}", owner, None, gone),
        ("a foreign member under one's own tenant", "GET", f"{t}/members/{FACTS['b_owner_id']}", owner, None, gone),
        ("an owner confirms a domain", "POST", f"{t}/domains/evil.test/confirm", owner, None, {403, 404}),
        ("an owner raises their limits", "PATCH", f"{t}/quotas", owner, {"members": None}, {403, 404}),
        ("an owner lists the accounts", "GET", "/api/v1/platform/users", owner, None, gone),
        ("an owner makes themself operator", "PATCH", f"/api/v1/platform/users/{FACTS['owner_id']}", owner, {"is_operator": True}, gone),
        ("an owner adds a provider", "POST", "/api/v1/providers", owner, {"name": "x", "base_url": "http://169.254.169.254"}, gone),
        ("fields that are not theirs to set: me", "PATCH", "/api/v1/me", viewer, {"name": "x", "is_operator": True}, {422}),
        ("fields that are not theirs to set: a workspace", "POST", f"{t}/workspaces", admin, {"name": "x", "tenant_id": b}, {422}),
        ("a token without a signature", "GET", "/api/v1/me", forged(owner, {**kid, "alg": "none"}), None, {401}),
        ("a token signed with the public key", "GET", "/api/v1/me", forged(owner, {**kid, "alg": "HS256"}, public), None, {401}),
        ("a token that names its own key", "GET", "/api/v1/me", forged(owner, {**kid, "alg": "EdDSA", "jwk": jwks}), None, {401}),
        ("a refresh token as an access token", "GET", "/api/v1/me", FACTS["refresh"], None, {401}),
        ("up and down a path", "GET", f"/api/v1/tenants/{a}/../{b}/members", owner, None, {404}),
        ("the same, encoded", "GET", f"/api/v1/tenants/{a}/%2e%2e/{b}/members", owner, None, {404}),
        ("two slashes", "GET", f"//api/v1/tenants/{b}/members", owner, None, {404, 303}),
        ("a path with a semicolon", "GET", f"/api/v1/tenants/{b};x={a}/members", owner, None, {404}),
    ]
    for name, method, path, token, body, refused in tries:
        answer = send(method, path, token, body=body)
        if answer.status_code not in refused:
            finding("not refused", name, method, path, answer)
        judge(name, method, "", answer, 0)
    headers = [
        ("another tenant by a header", {"x-tenant-id": b}, {400, 404}),
        ("another method by a header", {"x-http-method-override": "DELETE"}, {200}),
        ("another path by a header", {"x-original-url": f"/api/v1/tenants/{b}", "x-rewrite-url": f"/api/v1/tenants/{b}"}, {200}),
        ("another host by a header", {"x-forwarded-host": f"{b}.tenantry.test"}, {200}),
        ("the server's own address by a header", {"x-forwarded-for": "127.0.0.1", "x-real-ip": "127.0.0.1"}, {200}),
    ]
    for name, sending, right in headers:
        answer = send("GET", t, owner, headers=sending)
        if answer.status_code not in right or answer.status_code == 200 and answer.json()["slug"] != a:
            finding("not as it should be", name, "GET", t, answer)
        judge(name, "GET", "", answer, 0)
    # What is foreign and what is not there get the same answer, but for what names the request.
    missing = f"/api/v1/tenants/{'tnt_' + '0' * 26}"
    bodies = []
    for path in (f"/api/v1/tenants/{FACTS['b_id']}", missing):
        body = send("GET", path, owner).json()
        bodies.append({field: value for field, value in body.items() if field not in ("instance", "request_id")})
    if bodies[0] != bodies[1]:
        findings.append(f"foreign and missing differ: {bodies}")
    print(f"{len(tries) + len(headers) + 1} attempts by name")


def main():
    document = http.get(f"{URL}/api/openapi.json", timeout=10).json()
    attempts()
    inject(document, FACTS["admin"], float(FACTS["seconds"]))
    # Whatever was sent: it is all still there.
    for token, path in ((FACTS["owner"], f"/api/v1/tenants/{FACTS['a']}"), (FACTS["b_token"], f"/api/v1/tenants/{FACTS['b']}/members")):
        answer = send("GET", path, token)
        if answer.status_code != 200:
            finding("gone", "afterwards", "GET", path, answer)
    for one in findings[:50]:
        print(f"FINDING {one}")
    print(f"{len(findings)} findings")
    return bool(findings)


if __name__ == "__main__":
    sys.exit(main())
