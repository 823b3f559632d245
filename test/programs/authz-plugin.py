"""An authorization plugin for tests: it writes down what it is asked and denies what its rules say.

usage: authz-plugin.py SOCKET DIRECTORY
DIRECTORY/rules.json is read for each question: a list of {"when": "req" or "res", "uri": pattern, "body": pattern,
"answer": object, "status": number, "text": answer that is no JSON}; the first that fits is followed, and what fits none is allowed.
Every question is a line of DIRECTORY/asked, with bodies as text.
"""

import base64
import json
import os
import re
import sys

from plugin_server import serve

socket_path, directory = sys.argv[1:]


def rules():
    try:
        with open(os.path.join(directory, "rules.json")) as file:
            return json.load(file)
    except FileNotFoundError:
        return []


def text_of(question, field):
    return base64.b64decode(question.get(field) or "").decode("utf-8", "replace")


def answer(method, question):
    if method == "Plugin.Activate":
        return {"Implements": ["authz"]}, 200
    when = "req" if method.endswith("Req") else "res"
    body = text_of(question, "RequestBody" if when == "req" else "ResponseBody")
    for field in ("RequestBody", "ResponseBody"):
        if field in question:
            question[field] = text_of(question, field)
    with open(os.path.join(directory, "asked"), "a") as file:
        file.write(json.dumps({"when": when, **question}) + "\n")
    for rule in rules():
        if rule.get("when", when) != when or not re.search(rule.get("uri", ""), question["RequestUri"]):
            continue
        if re.search(rule.get("body", ""), body):
            return rule.get("text", rule.get("answer", {"Allow": False, "Msg": "no"})), rule.get("status", 200)
    return {"Allow": True}, 200


os.makedirs(directory, exist_ok=True)
serve(socket_path, answer)
