"""Holds the exports in a folder against bank.json, as the libraries of others read them.

check.py FOLDER, where FOLDER has bank.zip, bank.xlsx, bank.xml and bank.txt as export_bank writes
them from bank.json. Spaces, tags and places of pictures make no difference.
"""

import html
import json
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).parent


def asked(bank):
    """Every question of a bank, with what it is part of."""
    for unit in bank["units"]:
        grouped = "items" in unit
        for item in unit.get("items", [unit]):
            options = item.get("options") or unit["options"]
            ids = [option["id"] for option in options]
            case = unit.get("stem") if grouped else None
            yield unit["type"], {
                "stem": "\n".join(filter(None, [case, item["stem"]])),
                "options": [option["text"] for option in options],
                "key": [ids.index(identifier) for identifier in item["key"]],
            }


def folded(question):
    """A question without what formats show in their own way."""
    plain = lambda text: re.sub(r"\s|\[图\d+\]", "", html.unescape(text))
    stem = re.sub(r"<(?:br|img)[^>]*>", "", question["stem"])
    options = [plain(option) for option in question["options"]]
    return {"stem": plain(stem), "options": options, "key": question["key"]}


def main(folder):
    bank = list(asked(json.loads((HERE / "bank.json").read_text("utf-8"))))
    choices = [(kind, question) for kind, question in bank if kind not in ("judge", "B1")]
    failed = 0
    for command, file, expected in [
        (["node", HERE / "read_gift.mjs"], "bank.txt", bank),
        ([sys.executable, HERE / "read_qti.py"], "bank.zip", bank),
        ([sys.executable, HERE / "read_moodle.py"], "bank.xml", choices),
        ([sys.executable, HERE / "read_xlsx.py"], "bank.xlsx", bank),
    ]:
        output = subprocess.run([*command, folder / file], check=True, capture_output=True).stdout
        read = [folded(question) for question in json.loads(output)]
        wanted = [folded(question) for _, question in expected]
        for found, right in zip(read, wanted):
            if found != right:
                print(f"{file}: {found}\n  is not {right}", file=sys.stderr)
        failed += read != wanted
        print(f"{file}: {len(read)} of {len(wanted)} questions, {'ok' if read == wanted else 'WRONG'}")
    return failed


sys.exit(main(pathlib.Path(sys.argv[1])))
