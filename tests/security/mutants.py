"""Ways to change a bundle, over every file of it, each undone before the next."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SEED = 7
Harm = Callable[[Path, random.Random], object]


def flip(file: Path, chance: random.Random) -> None:
    content = bytearray(file.read_bytes())
    at = chance.choice([0, len(content) // 2, len(content) - 1, chance.randrange(len(content))])
    content[at] ^= 1 << chance.randrange(8)
    file.write_bytes(content)


def another_byte(file: Path, chance: random.Random) -> None:
    content = bytearray(file.read_bytes())
    at = chance.randrange(len(content))
    content[at] = (content[at] + chance.randrange(1, 256)) % 256
    file.write_bytes(content)


def cut(file: Path, chance: random.Random) -> None:
    file.write_bytes(file.read_bytes()[: chance.randrange(file.stat().st_size)])


def longer(file: Path, chance: random.Random) -> None:
    more = chance.choice([b"\n", b" ", b"\0", b"x" * 100])
    file.write_bytes(file.read_bytes() + more)


def longer_in_front(file: Path, chance: random.Random) -> None:
    file.write_bytes(chance.choice([b"\n", b" ", b"\xef\xbb\xbf"]) + file.read_bytes())


def gone(file: Path, chance: random.Random) -> None:
    file.unlink()


def renamed(file: Path, chance: random.Random) -> None:
    file.rename(file.with_name(f"{chance.randrange(1000)}-{file.name}"))


def joined(file: Path, chance: random.Random) -> None:
    (file.parent / f"{chance.randrange(1000)}-new.md").write_bytes(file.read_bytes())


def linked(file: Path, chance: random.Random) -> None:
    """The same bytes, through a link."""
    place = file.rename(file.with_name(f".{file.name}.moved"))
    file.symlink_to(place)


def swapped(file: Path, chance: random.Random) -> None:
    others = [p for p in sorted(file.parent.iterdir()) if p.is_file() and p != file]
    other = chance.choice([p for p in others if p.read_bytes() != file.read_bytes()])
    ours, theirs = file.read_bytes(), other.read_bytes()
    file.write_bytes(theirs)
    other.write_bytes(ours)


HARMS: tuple[Harm, ...] = (
    *(flip, another_byte, flip, another_byte, flip, another_byte, cut, longer),
    *(longer_in_front, gone, renamed, joined, linked, swapped),
)


@dataclass(frozen=True)
class Mutant:
    """One change, done."""

    file: str
    harm: str


def mutants(bundle: Path, count: int) -> Iterator[Mutant]:
    """So many changed bundles, one after the other, at the same place; every file has its turn."""
    whole = {p.relative_to(bundle): p.read_bytes() for p in bundle.rglob("*") if p.is_file()}
    names = sorted(whole)
    for number in range(count):
        name, harm = names[number % len(names)], HARMS[(number // len(names)) % len(HARMS)]
        with _restored(bundle, whole):
            harm(bundle / name, random.Random(f"{SEED}/{number}"))
            yield Mutant(name.as_posix(), harm.__name__)


@contextmanager
def _restored(bundle: Path, whole: dict[Path, bytes]) -> Iterator[None]:
    try:
        yield
    finally:
        for path in [p for p in bundle.rglob("*") if p.is_symlink() or p.is_file()]:
            name = path.relative_to(bundle)
            if path.is_symlink() or name not in whole:
                path.unlink()
        for name, content in whole.items():
            if not (bundle / name).exists() or (bundle / name).read_bytes() != content:
                (bundle / name).write_bytes(content)
