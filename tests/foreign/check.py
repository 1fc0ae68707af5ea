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
import tempfile
import zipfile

HERE = pathlib.Path(__file__).parent


def asked(bank, with_case=True):
    """Every question of a bank with its type, and the case that it is part of."""
    for unit in bank["units"]:
        grouped = "items" in unit
        for item in unit.get("items", [unit]):
            options = item.get("options") or unit["options"]
            ids = [option["id"] for option in options]
            case = unit.get("stem") if grouped and with_case else None
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


def differs(name, command, expected):
    """Whether what `command` reads is not what is expected; says so."""
    output = subprocess.run(command, check=True, capture_output=True).stdout
    read = [folded(question) for question in json.loads(output)]
    wanted = [folded(question) for _, question in expected]
    for found, right in zip(read, wanted):
        if found != right:
            print(f"{name}: {found}\n  is not {right}", file=sys.stderr)
    says = "ok" if read == wanted else "WRONG"
    print(f"{name}: {len(read)} of {len(wanted)} questions, {says}")
    return read != wanted


def main(folder):
    bank = json.loads((HERE / "bank.json").read_text("utf-8"))
    every = list(asked(bank))
    choices = [(kind, question) for kind, question in every if kind not in ("judge", "B1")]
    python = [sys.executable]
    package = folder / "bank.zip"
    with tempfile.TemporaryDirectory() as unpacked:
        zipfile.ZipFile(package).extractall(unpacked)
        return sum([
            differs("QTI", [*python, HERE / "read_qti.py", package], every),
            differs("QTI, played", ["node", HERE / "play_qti.cjs", unpacked], asked(bank, False)),
            differs("Moodle XML", [*python, HERE / "read_moodle.py", folder / "bank.xml"], choices),
            differs("GIFT", ["node", HERE / "read_gift.mjs", folder / "bank.txt"], every),
            differs("XLSX", [*python, HERE / "read_xlsx.py", folder / "bank.xlsx"], every),
        ])


sys.exit(main(pathlib.Path(sys.argv[1])))
