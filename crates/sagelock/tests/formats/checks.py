"""What every check of a format shares: the pairs of documents, counting, and damaged copies."""

import copy
import json
import sys


class Checks:
    """Counts what holds, and says what does not."""

    def __init__(self):
        self.passed = self.failed = 0

    def that(self, holds, words):
        if holds:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED: {words}")

    def same(self, found, expected, words):
        self.that(found == expected, f"{words}: {str(found)[:300]} is not {str(expected)[:300]}")

    def none(self, problems, words):
        problems = list(problems)
        told = "; ".join(str(problem)[:300] for problem in problems[:5])
        self.that(not problems, f"{words}: {len(problems)} problems: {told}")

    def refused(self, document, damages, problems):
        """Every damaged copy must have a problem; the check itself is checked."""
        for words, damage in damages:
            damaged = copy.deepcopy(document)
            damage(damaged)
            self.that(any(True for _ in problems(damaged)), f"not refused: {words}")

    def close(self):
        print(f"{self.passed} passed, {self.failed} failed")
        sys.exit(1 if self.failed else 0)


def pairs(arguments):
    """The audit in JSON and the path of the same in the format, for each estate."""
    for reference, document in zip(arguments[::2], arguments[1::2]):
        with open(reference, encoding="utf-8") as file:
            yield json.load(file), document


def text(path):
    with open(path, encoding="utf-8") as file:
        return file.read()
