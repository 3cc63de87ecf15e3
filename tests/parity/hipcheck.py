"""Computes Hipcheck's metrics of a repository from the output of git alone, as slowly and plainly as their formulas are written.

It is what the analyses with compat="hipcheck" are held against, and shares nothing with them: no code, no library, no diff. Usage:

    python3 hipcheck.py REPOSITORY NOW LISTS > numbers.json

NOW is in seconds since 1970. LISTS is the folder of Probity's plugins, of whose data files the lists of names are taken.
The lists of churn and entropy are sorted, since the order of commits with equal dates is nobody's; all else is counted.

git moves a group of changed lines down where it could stand at several places, and Hipcheck does not. Which lines are added and removed is the
same, but not those around them: on real histories entropy differs in the third digit by that, and by nothing else.
"""

import json
import math
import re
import subprocess
import sys
import tempfile
import unicodedata
from collections import Counter

EMPTY_TREE = {40: "4b825dc642cb6eb9a060e54bf8d69288fbee4904", 64: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321"}


def git(repository, *arguments, data=None):
    command = ["git", "-C", repository, "-c", "core.quotePath=false", "-c", "diff.noPrefix=false", *arguments]
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout


def commits(repository):
    """Hashes, parents and people, newest first."""
    form = "%H%x00%P%x00%an%x00%ae%x00%at%x00%cn%x00%ce%x00%ct%x1e"
    out = git(repository, "log", "--no-mailmap", f"--format={form}", "--encoding=none").decode("utf-8", "replace")
    rows = []
    for record in out.split("\x1e"):
        fields = record.strip("\n").split("\x00")
        if len(fields) == 8:
            commit, parents, an, ae, at, cn, ce, ct = fields
            rows.append({"id": commit, "parents": parents.split(), "author": (an, ae), "at": int(at), "committer": (cn, ce), "ct": int(ct)})
    return rows


def is_regular(mode):
    return mode in ("100644", "100755")


def changed_files(repository, commit):
    """Path, and blob before and after, of each regular file that differs from the first parent."""
    before = commit["parents"][0] if commit["parents"] else EMPTY_TREE[len(commit["id"])]
    out = git(repository, "diff-tree", "-r", "-z", "--no-renames", "--full-index", before, commit["id"])
    parts = out.split(b"\0")
    for header, path in zip(parts[0::2], parts[1::2]):
        old_mode, new_mode, old, new, _ = header.decode().lstrip(":").split(" ")
        sides = [blob if is_regular(mode) else None for mode, blob in ((old_mode, old), (new_mode, new))]
        if any(sides):
            yield path.decode("utf-8", "surrogateescape"), sides[0], sides[1]


def extension(path):
    """As Rust's Path::extension: what follows the last dot of a name that does not begin with its only one."""
    name = path.rsplit("/", 1)[-1]
    at = name.rfind(".")
    return name[at + 1:] if at > 0 and name != ".." else None


def listed(lists, file):
    with open(f"{lists}/{file}", encoding="utf-8") as text:
        return [line.rstrip("\n") for line in text if not line.startswith("#")]


def source_files(lists):
    # Hipcheck's list has two more, which Probity's leaves out on purpose.
    extensions = set(listed(lists, "linguist/data/source-extensions.txt")) | {"md", "E"}
    return lambda path: extension(path) is None or extension(path) in extensions


DIFF = ["diff", "--text", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color", "--full-index", "--no-indent-heuristic",
        "--diff-algorithm=myers", "--inter-hunk-context=0", "-U3"]


class Patches:
    """The lines of the patch of each changed file, every file taken as text."""

    def __init__(self, repository):
        self.repository = repository
        self.blobs = Blobs(repository)

    def of(self, commit, files):
        """By the blobs before and after, None where there is none."""
        before = commit["parents"][0] if commit["parents"] else EMPTY_TREE[len(commit["id"])]
        zero = "0" * len(commit["id"])
        found = self.files(git(self.repository, *DIFF, before, commit["id"]))
        patches = {}
        for _, old, new in files:
            texts = [self.blobs.text(name) for name in (old, new)]
            # Hipcheck compares what is left after all bytes that are no text have become the same mark.
            if any(odd for _, odd in texts):
                patches[old, new] = self.replaced([text for text, _ in texts])
            else:
                patches[old, new] = found.get((old or zero, new or zero), [])
            patches[old, new] = lead_in(patches[old, new], texts[0][0].split("\n"))
        return patches

    def replaced(self, texts):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in zip(("a", "b"), texts):
                with open(f"{folder}/{name}", "wb") as file:
                    file.write(text.encode())
            command = ["git", *DIFF, "--no-index", f"{folder}/a", f"{folder}/b"]
            diff = subprocess.run(command, stdout=subprocess.PIPE, check=False).stdout
        return next(iter(self.files(diff).values()), [])

    @staticmethod
    def files(diff):
        """The hunks of each file of a diff, by its index line: the blobs before and after."""
        found = {}
        current = None
        left = None
        for line in diff.split(b"\n"):
            if left and any(left):
                if line.startswith(b"\\"):
                    continue
                kind = line[:1]
                left[0] -= kind in (b" ", b"-", b"")
                left[1] -= kind in (b" ", b"+", b"")
                current.append(line)
                continue
            hunk = re.match(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", line)
            if hunk and current is not None:
                old, new = (int(count) if count is not None else 1 for count in (hunk[2], hunk[4]))
                # git names the line before an empty side, Hipcheck the one after it.
                starts = [int(start) + (count == 0) for start, count in ((hunk[1], old), (hunk[3], new))]
                current.append(b"@@ -%d,%d +%d,%d @@" % (starts[0], old, starts[1], new))
                left = [old, new]
                continue
            index = re.match(rb"index ([0-9a-f]+)\.\.([0-9a-f]+)", line)
            if index:
                # The same change of another file has the same hunks.
                current = found[index[1].decode(), index[2].decode()] = []
        return found


class Blobs:
    """The contents of blobs, by one process of git."""

    def __init__(self, repository):
        command = ["git", "-C", repository, "cat-file", "--batch"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def read(self, name):
        if not name:
            return b""
        self.process.stdin.write(name.encode() + b"\n")
        self.process.stdin.flush()
        size = int(self.process.stdout.readline().split()[2])
        return self.process.stdout.read(size + 1)[:size]

    def text(self, name):
        """The text, and whether something in it was none."""
        data = self.read(name)
        try:
            return data.decode(), False
        except UnicodeDecodeError:
            return data.decode("utf-8", "replace"), True


def lead_in(lines, before):
    """Hipcheck's patches begin with up to six lines before the first change, git's with three."""
    if not lines:
        return lines
    before = [line.encode() for line in before]
    header = re.match(rb"@@ -(\d+),(\d+) \+(\d+),(\d+) @@", lines[0])
    start, old, new_start, new = map(int, header.groups())
    if old == 0 or new == 0 or not 1 < start <= 4 or not lines[1].startswith(b" "):
        return lines
    missing = before[:start - 1]
    first = b"@@ -1,%d +%d,%d @@" % (old + len(missing), new_start - len(missing), new + len(missing))
    return [first, *(b" " + line for line in missing), *lines[1:]]


def clusters(line):
    """Grapheme clusters of a line, as far as the made-up histories need them: marks and joiners stay with what they follow."""
    found = []
    for char in unicodedata.normalize("NFC", line):
        joins = unicodedata.combining(char) or char in "\u200d\ufe0f" or unicodedata.category(char) in ("Mn", "Me")
        after_joiner = found and found[-1].endswith("\u200d")
        if found and (joins or after_joiner) and not found[-1].endswith(("\r", "\n")) and not is_control(found[-1]):
            found[-1] += char
        else:
            found.append(char)
    return found


def is_control(cluster):
    return unicodedata.category(cluster[-1]) in ("Cc", "Zl", "Zp")


def z_scores(values):
    mean = math.fsum(values) / len(values)
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / len(values))
    return sorted((value - mean) / deviation for value in values) if deviation else None


def churn_and_entropy(repository, history, is_source):
    patches = Patches(repository)
    sizes, texts = [], []
    for commit in history:
        files = [change for change in changed_files(repository, commit) if is_source(change[0])]
        if not files:
            continue
        by_blobs = patches.of(commit, files)
        lines, counts = 0, Counter()
        for _, old, new in files:
            patch = by_blobs[old, new]
            lines += sum(line[:1] in (b"+", b"-") for line in patch)
            for line in patch:
                text = line.decode("utf-8", "replace")
                counts.update(clusters(text[:-1] if text.endswith("\r") else text))
        sizes.append((len(files), lines))
        texts.append(counts)
    return churn(sizes), entropy(texts)


def churn(sizes):
    all_files = sum(files for files, _ in sizes)
    all_lines = sum(lines for _, lines in sizes)
    if not sizes:
        return None
    return z_scores([files / all_files * (lines / all_lines) ** 2 * 1e6 if all_lines else 0.0 for files, lines in sizes])


def entropy(texts):
    if not texts:
        return None
    shares = [{g: n / sum(counts.values()) for g, n in counts.items()} for counts in texts]
    baseline = {}
    for commit in shares:
        for grapheme, share in commit.items():
            baseline.setdefault(grapheme, []).append(share)
    mean = {grapheme: math.fsum(list_) / len(list_) for grapheme, list_ in baseline.items()}
    return z_scores([math.fsum(p * math.log2(p / mean[g]) for g, p in commit.items()) for commit in shares])


def affiliation(history, lists):
    hosts = [domain for line in listed(lists, "affiliation/data/organisations.txt") for domain in line.split("; ")[2].split(" ")]
    hosts = ["persona.com" if host == "percona.com" else host for host in hosts]
    looked_at = {}
    for commit in history:
        for person in (commit["author"], commit["committer"]):
            looked_at.setdefault(person[1].strip(), commit["author"][1])
    return Counter(not any(email.endswith(host) for host in hosts) for email in looked_at.values())


def binary(repository, lists):
    extensions = {line.split()[0] for line in listed(lists, "binary/data/formats.txt")}
    blobs = Blobs(repository)
    found = 0
    for entry in git(repository, "ls-tree", "-r", "-z", "HEAD").split(b"\0"):
        if not entry:
            continue
        about, path = entry.split(b"\t", 1)
        mode, _, name = about.decode().split(" ")
        path = path.decode("utf-8", "surrogateescape")
        if not is_regular(mode) or any(part.startswith(".") for part in path.split("/")):
            continue
        if extension(path) is None or extension(path) in extensions:
            found += looks_binary(blobs.read(name)[:4096])
    return found


def looks_binary(head):
    if head.startswith((b"\xef\xbb\xbf", b"\0\0\xfe\xff", b"\xff\xfe", b"\xfe\xff")):
        return False
    return b"\0" in head[:1024] or head.startswith((b"%PDF", b"\x89PNG"))


def main(repository, now, lists):
    history = commits(repository)
    churns, entropies = churn_and_entropy(repository, history, source_files(lists))
    own = Counter(commit["author"] == commit["committer"] for commit in history)
    counted = affiliation(history, lists)
    print(json.dumps({
        "activity": now - history[0]["at"],
        "affiliation": [counted[True], counted[False]],
        "binary": binary(repository, lists),
        "churn": churns,
        "entropy": entropies,
        "identity": [own[True], own[False]],
    }))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
