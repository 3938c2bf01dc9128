"""Throws generated requests at every operation of a running platform: as a member, and as one who may do everything.

usage: check.py URL DOCUMENT SECONDS PROGRAM FOLDER

PROGRAM is the platform, FOLDER the one that it runs in: roles are granted there.
"""

import json
import os
import subprocess
import sys
import tempfile
import urllib.request

PASSWORD = "correct horse battery staple"

# No request may be answered with an error of ours, or with anything that the document does not say.
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
]


def post(url, body):
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


WHO = {"email": "member@example.org", "password": PASSWORD}


def token(url):
    return post(f"{url}/v1/auth/login", WHO)["access_token"]


def check(url, document, seconds, token):
    """Whether all answers were what they must be."""
    schemathesis = os.path.join(os.path.dirname(sys.executable), "schemathesis")
    arguments = [
        schemathesis, "run", document,
        "--url", url,
        "--header", f"authorization: Bearer {token}",
        "--checks", ",".join(CHECKS),
        "--phases", "examples,coverage,fuzzing",
        "--max-time", str(seconds),
        "--seed", "5",
        "--generation-database", "none",
        "--request-timeout", "10",
        # A stream answers for as long as somebody listens.
        "--exclude-path", "/v1/events",
        "--no-color",
        "--warnings", "off",
    ]
    with tempfile.TemporaryDirectory() as folder:
        return subprocess.run(arguments, cwd=folder).returncode == 0


def main():
    url, document, seconds, program, folder = sys.argv[1:]
    seconds = max(1, int(seconds) // 2)
    post(f"{url}/v1/auth/register", {**WHO, "display_name": "Member"})
    print("as a member", flush=True)
    is_good = check(url, document, seconds, token(url))
    for role in ["partner", "moderator", "admin"]:
        subprocess.run([program, "grant", WHO["email"], role], cwd=folder, check=True)
    print("as one who may do everything", flush=True)
    is_good = check(url, document, seconds, token(url)) and is_good
    sys.exit(not is_good)


main()
