#!/usr/bin/python3
"""Validates the alarms that webhook_receiver.py has taken by the schema of the manual.

    validate_alarms.py SCHEMA LOG

Prints how many there were; exits with 1 at the first that is not valid.
"""

import json
import sys

import jsonschema


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    count = 0
    with open(sys.argv[2], encoding="utf-8") as log:
        for line in log:
            validator.validate(json.loads(json.loads(line)["body"]))
            count += 1
    print(count)


main()
