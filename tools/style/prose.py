#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""prose.py FILE...: finds sentences that a reader has to read twice.

The prose of a page is its text; the prose of a program is its comments.
Prints "FILE:LINE: what is wrong: the sentence", and exits with 1 if it printed
anything. It refuses:
- a sentence of more than 30 words;
- a sentence that begins with who, whoever or whose, outside a question;
and in pages in Markdown:
- more than 180 lines in README.md at the top;
- a link to a file, or to a heading, that does not exist;
- a command of ours in a block of code that does not exist.
"""

import os
import re
import subprocess
import sys

WORDS_MAX = 30
README_LINES_MAX = 180

# A block is [(line, text)]: a paragraph, an item of a list, a cell of a table.


def split_blocks(lines):
    """Blocks of lines (number, text): a blank line or an item begins another."""
    block = []
    for number, text in lines:
        text = text.strip()
        item = re.match(r"([-*+]|\d+[.)]|@[\w.]+:|\w+:$)(\s|$)", text)
        if block and (not text or item):
            yield block
            block = []
        if text:
            block.append((number, re.sub(r"^([-*+]|\d+[.)])\s", "", text)))
    if block:
        yield block


def blank_lines(text):
    """As many lines as text has, without their content."""
    return "\n" * text.count("\n")


def markdown_lines(text):
    """Without code, headings and rules; each cell of a table is a block."""
    text = re.sub(r"(?ms)^ *```.*?^ *```", lambda m: blank_lines(m[0]), text)
    text = re.sub(r"(?s)<!--.*?-->|<[^<>]*>", lambda m: blank_lines(m[0]), text)
    text = re.sub(r"!?\[([^\[\]]*)\]\([^()\s]*\)", r"\1", text)
    for number, line in enumerate(text.split("\n"), 1):
        if re.match(r"    |\t|#|\s*[-=|: ]+$", line):
            yield number, ""
        elif line.lstrip().startswith("|"):
            for cell in line.strip().strip("|").split("|"):
                yield number, cell
                yield number, ""
        else:
            yield number, line


def page_lines(path):
    """Of a manual page: the text that mandoc shows, without its examples."""
    with open(path, encoding="utf-8") as page:
        include = re.match(r"\.so ", page.read())
    if include:
        return
    text = subprocess.run(["mandoc", "-T", "markdown", path], check=True,
                          capture_output=True, text=True).stdout
    text = text.replace("&#160;", " ").replace("&nbsp;", " ")
    for _, line in markdown_lines(re.sub(r"\\(.)", r"\1", text)):
        yield 0, line


STRING = r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''


def c_lines(text):
    """The comments of C or JavaScript."""
    last = 0
    line = 1
    for match in re.finditer(STRING + r"|/\*.*?\*/|(?<!:)//[^\n]*", text, re.S):
        line += text.count("\n", last, match.start())
        last = match.start()
        if match[0][0] != "/":
            continue
        one_line = match[0].startswith("//")
        body = re.sub(r"^//|^/\*+|\*/$", "", match[0])
        for offset, comment in enumerate(body.split("\n")):
            comment = re.sub(r"^\s*\* ?", "", comment) if offset else comment
            # An indented line is a drawing or an example.
            yield line + offset, "" if re.match(r"\t|    ", comment) else comment
        if not one_line or not re.match(r"\n\s*//", text[match.end():]):
            yield line, ""


def hash_lines(text):
    """The comments of a shell script, of Python, of a Makefile."""
    for number, line in enumerate(text.split("\n"), 1):
        match = re.match(r"\s*#(?: (?! {3}|\t)(.*))?$", line)
        yield number, (match[1] or "") if match else ""


def sentences(block):
    """(line, sentence) of a block. A colon ends a sentence where a list begins."""
    text = ""
    starts = []
    for number, line in block:
        starts.append((len(text), number))
        text += line + " "
    text = re.sub(r"\b(e\.g|i\.e|etc|cf|vs)\.", lambda m: m[0][:-1] + "·", text)
    begin = 0
    for end in [m.end() for m in re.finditer(r"[.?!]['\")`*_]*(?=\s)", text)] + [len(text)]:
        sentence = text[begin:end].strip(" *_")
        if sentence:
            yield max(n for at, n in starts if at <= begin + 1), sentence
        begin = end


def prose_of(path, text):
    kind = os.path.splitext(path)[1]
    if kind == ".md":
        return markdown_lines(text)
    if re.fullmatch(r"\.[1-8]", kind):
        return page_lines(path)
    if kind in (".c", ".h", ".js"):
        return c_lines(text)
    return hash_lines(text)


def check_sentences(path, text):
    for block in split_blocks(prose_of(path, text)):
        for number, sentence in sentences(block):
            # Numbers and signs alone are no words.
            count = len(re.findall(r"\S*[A-Za-z]\S*", sentence))
            if count > WORDS_MAX:
                yield number, "%d words" % count, sentence
            if re.match(r"(?i)(who|whoever|whose)\b(?!.*\?)", sentence):
                yield number, "no noun in front", sentence


def anchors(path):
    """What GitHub makes of headings."""
    with open(path, encoding="utf-8") as page:
        for line in page:
            if line.startswith("#"):
                name = line.lstrip("#").strip().lower()
                yield re.sub(r"[^\w\- ]", "", name).replace(" ", "-")


def check_links(path, text):
    text = re.sub(r"(?ms)^ *```.*?^ *```|`[^`\n]*`", lambda m: blank_lines(m[0]), text)
    for match in re.finditer(r"\]\(([^()\s]+)\)|(?:src|href)=\"([^\"]+)\"", text):
        link = match[1] or match[2]
        if re.match(r"[a-z]+:", link):
            continue
        number = text.count("\n", 0, match.start()) + 1
        name, _, anchor = link.partition("#")
        target = os.path.join(os.path.dirname(path), name) if name else path
        if not os.path.exists(target):
            yield number, "no such file", link
        elif anchor and target.endswith(".md") and anchor not in anchors(target):
            yield number, "no such heading", link


def check_commands(path, text):
    """Scripts of ours, by their paths, and the subcommands of urt, in code."""
    with open("man/urt.1", encoding="utf-8") as page:
        known = set(re.findall(r"^\.Nm urt Cm (\w+)", page.read(), re.M))
    for match in re.finditer(r"(?ms)^ *```.*?^ *```|^(?: {4}|\t).*?$|`[^`\n]+`", text):
        number = text.count("\n", 0, match.start()) + 1
        for command in re.finditer(r"(?<![\w/.])((?:\w+/)+\w+\.sh|\./\w+\.sh)\b", match[0]):
            if not (os.path.exists(command[1]) or os.path.exists(
                    os.path.join(os.path.dirname(path), command[1]))):
                yield number, "no such command", command[1]
        for command in re.finditer(r"(?:^ *|[`$|] ?)urt ([a-z]+)\b", match[0], re.M):
            if command[1] not in known:
                yield number, "no such command", "urt " + command[1]


def check(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    yield from check_sentences(path, text)
    if path.endswith(".md"):
        yield from check_links(path, text)
        yield from check_commands(path, text)
    if path == "README.md" and text.count("\n") > README_LINES_MAX:
        yield text.count("\n"), "lines, %d at most" % README_LINES_MAX, path


def main():
    found = False
    for path in sys.argv[1:]:
        for number, what, text in check(path):
            found = True
            print("%s:%d: %s: %s" % (path, number, what, text))
    sys.exit(found)


if __name__ == "__main__":
    main()
