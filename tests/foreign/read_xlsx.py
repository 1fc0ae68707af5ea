"""Prints the items of a workbook as [{stem, options, key}], read with openpyxl."""

import json
import sys

from openpyxl import load_workbook

JUDGE = ["正确", "错误"]


def items(sheet):
    rows = sheet.iter_rows()
    headings = [cell.value for cell in next(rows)]
    columns = [place for place, name in enumerate(headings) if name.startswith("选项")]
    shared = {}
    for row in rows:
        assert all(cell.data_type != "f" for cell in row), "a formula"
        cell = lambda name: row[headings.index(name)].value
        group = cell("题组")
        options = [row[place].value for place in columns if row[place].value is not None]
        case, known = shared.get(group, (None, []))
        case, options = cell("共用题干") or case, options or known
        if group:
            shared[group] = (case, options)
        if cell("题型") == "判断题":
            options, key = JUDGE, [["对", "错"].index(cell("答案"))]
        else:
            key = [ord(letter) - ord("A") for letter in cell("答案")]
        stem = "\n".join(filter(None, [case if group else None, cell("题干")]))
        yield {"stem": stem, "options": options, "key": key}


sheet = load_workbook(sys.argv[1])["试题"]
json.dump(list(items(sheet)), sys.stdout, ensure_ascii=False, indent=1)
