"""Prints the items of a QTI 3.0 package as [{stem, options, key}], read with Citolab's converter."""

import json
import sys

from citolab_qti_json_schema_converters import convert_qti_zip_to_exam_document
from citolab_qti_json_schema_converters.exam_answer import split_answer_values


def item(read):
    ids = [option.id for option in read.question_options]
    return {
        "stem": "\n".join(filter(None, [read.stimulus, read.question])),
        "options": [option.value for option in read.question_options],
        "key": [ids.index(identifier) for identifier in split_answer_values(read.answer)],
    }


document = convert_qti_zip_to_exam_document(sys.argv[1])
json.dump([item(read) for read in document.items], sys.stdout, ensure_ascii=False, indent=1)
