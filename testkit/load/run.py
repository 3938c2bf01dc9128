"""Load on the reference service: starts it, fills it, and lets k6 ask at a fixed rate.

usage: run.py PROGRAM (whole|split) [--rate 300] [--seconds 60]
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

PASSWORD = "correct horse battery staple"
PEOPLE = 20
HERE = pathlib.Path(__file__).parent

# The limits count by address, and all of this comes from one.
SETTINGS = [
    "--limits.auth_per_minute=1000000",
    "--limits.api_per_second=1000000",
    "--limits.caller_per_second=1000000",
    "--log.filter=warn",
    "--drain.delay=0s",
]


def start(program, folder, role, settings):
    log = open(folder / f"{role}.log", "ab")
    child = subprocess.Popen(
        [program, role, *SETTINGS, *settings],
        cwd=folder, stdout=subprocess.PIPE, stderr=log, text=True,
    )
    line = child.stdout.readline()
    places = [word.strip(",;\n") for word in line.split() if word.startswith("http://")]
    return child, places


def launch(program, folder, kind):
    """The processes by role, and the public address."""
    free = lambda name: f"--{name}=127.0.0.1:0"
    if kind == "whole":
        child, places = start(program, folder, "serve", [free("public"), free("admin")])
        return {"serve": child}, places[0]
    children, known = {}, []
    for role in ["accounts", "rewards", "notify", "worker", "gateway"]:
        own = {
            "worker": [free("worker.admin")],
            "gateway": [free("public"), free("admin")],
        }.get(role, [free(f"{role}.listen"), free(f"{role}.admin")])
        children[role], places = start(program, folder, role, known + own)
        if role in ("accounts", "rewards", "notify"):
            known.append(f"--{role}.listen={places[0].removeprefix('http://')}")
    return children, places[0]


def ask(url, body=None, token=None, key=None):
    headers = {"content-type": "application/json"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    if key:
        headers["idempotency-key"] = key
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, headers)) as answer:
        return json.load(answer)


def join(url, name):
    who = {"email": f"{name}@example.org", "password": PASSWORD}
    made = ask(f"{url}/v1/auth/register", {**who, "display_name": name})
    return {**who, "id": made["id"], **login(url, who)}


def login(url, who):
    body = {"email": who["email"], "password": who["password"]}
    return {"token": ask(f"{url}/v1/auth/login", body)["access_token"]}


def wallet(url, who):
    for _ in range(400):
        try:
            return ask(f"{url}/v1/wallet", token=who["token"])["id"]
        except urllib.error.HTTPError as error:
            if error.code != 404:
                raise
            time.sleep(0.025)
    raise SystemExit("a wallet never came")


def fill(program, folder, url):
    root = join(url, "root")
    subprocess.run([program, "grant", root["email"], "admin"], cwd=folder, check=True)
    root.update(login(url, root))
    campaign = {
        "slug": "spring", "name": "Spring", "partner_id": root["id"],
        "reward_minor": 100, "budget_minor": 100_000_000,
        "starts_ms": int(time.time() * 1000), "ends_ms": int(time.time() * 1000) + 86_400_000,
    }
    ask(f"{url}/v1/campaigns", campaign, token=root["token"])
    people = [join(url, f"member-{nth}") for nth in range(PEOPLE)]
    for who in people:
        who["wallet"] = wallet(url, who)
    return people


def memory(child):
    """What it holds now, and held at most, in MiB."""
    status = pathlib.Path(f"/proc/{child.pid}/status").read_text()
    field = lambda name: int(status.split(f"{name}:")[1].split()[0]) / 1024
    return field("VmRSS"), field("VmHWM")


def processor(child):
    """Seconds of processor time so far."""
    fields = pathlib.Path(f"/proc/{child.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", type=lambda path: str(pathlib.Path(path).resolve()))
    parser.add_argument("kind", choices=["whole", "split"])
    parser.add_argument("--rate", default="300")
    parser.add_argument("--seconds", default="60")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        children, url = launch(options.program, folder, options.kind)
        try:
            people = folder / "people.json"
            people.write_text(json.dumps(fill(options.program, folder, url)))
            before = {role: processor(child) for role, child in children.items()}
            k6 = pathlib.Path(sys.executable).parent / "k6"
            environment = {
                "URL": url, "RATE": options.rate, "SECONDS": options.seconds,
                "PEOPLE": str(people), "K6_NO_USAGE_REPORT": "true",
            }
            arguments = [k6, "run", "--quiet", "--no-color", HERE / "mixed.js"]
            done = subprocess.run(arguments, env={**os.environ, **environment})
            for role, child in children.items():
                now, most = memory(child)
                spent = processor(child) - before[role]
                print(f"{role:9} resident {now:.0f} MiB, at most {most:.0f} MiB, processor {spent:.1f} s")
        finally:
            for child in children.values():
                child.kill()
    sys.exit(done.returncode)


main()
