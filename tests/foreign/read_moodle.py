"""Prints the choices of a Moodle XML file as [{stem, options, key}], read with moodle-xml-parser.

It knows no statements and no pairs.
"""

import json
import sys

from moodle_xml_parser.parser import parse_file


def question(read):
    return {
        "stem": read.text_pre_parse,
        "options": [option.answer for option in read.options],
        "key": [place for place, option in enumerate(read.options) if option.score_fraction > 0],
    }


choices = parse_file(sys.argv[1])["multichoice"]
json.dump([question(read) for read in choices], sys.stdout, ensure_ascii=False, indent=1)
