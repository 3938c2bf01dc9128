"""Registers a member at a running platform and throws generated requests at every operation of its document.

usage: check.py URL DOCUMENT SECONDS
"""

import json
import os
import subprocess
import sys
import urllib.request

PASSWORD = "correct horse battery staple"

# No request may be answered with an error of ours, or with anything that the document does not say.
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "ignored_auth",
]


def post(url, body):
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def member(url):
    who = {"email": "member@example.org", "password": PASSWORD}
    post(f"{url}/v1/auth/register", {**who, "display_name": "Member"})
    return post(f"{url}/v1/auth/login", who)["access_token"]


def main():
    url, document, seconds = sys.argv[1:]
    schemathesis = os.path.join(os.path.dirname(sys.executable), "schemathesis")
    arguments = [
        schemathesis, "run", document,
        "--url", url,
        "--header", f"authorization: Bearer {member(url)}",
        "--checks", ",".join(CHECKS),
        "--phases", "examples,coverage,fuzzing",
        "--max-time", seconds,
        "--seed", "5",
        "--generation-database", "none",
        "--request-timeout", "10",
        # A stream answers for as long as somebody listens.
        "--exclude-path", "/v1/events",
        "--no-color",
        "--warnings", "off",
    ]
    sys.exit(subprocess.run(arguments).returncode)


main()
