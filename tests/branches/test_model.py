"""Several branches of one store against dictionaries: whatever is done on one, each shows its own tree and history.

What gc thins of history shows what it did, or says that it was taken; what is promised to stay is there.
"""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

import holdfast
from holdfast import CommitTaken
from holdfast.front.store import Store
from holdfast.paths import is_within, split
from holdfast.testing.seams import rooms
from holdfast.upkeep import retire

TOP = "/w"
PATHS = [f"{TOP}/{path}" for path in ("a", "b", "d", "d/a", "d/b", "d/e", "d/e/a", "f", "f/a")]
WORDS = ("pelican", "heron", "stork", "ibis", "crane")
#: a path with the text of a file, or None for a directory
Tree = dict[str, str | None]


@dataclass
class Model:
    """What one branch shows, and has shown."""

    name: str
    tree: Tree
    #: by commit, those of its base before the fork too; without those that gc has taken
    past: dict[int, Tree]
    #: the commits that were made on it, oldest first
    own: list[int] = field(default_factory=list)
    #: where it began
    fork: int | None = None


@dataclass
class World:
    """A store, and what its branches should show."""

    folder: Path
    store: Store
    models: list[Model] = field(default_factory=list)
    made: int = 0
    #: what a tag names, and what that shows
    tags: dict[str, tuple[int, Tree]] = field(default_factory=dict)

    def on(self, model: Model) -> Store:
        return self.store.branch(model.name)

    def published(self, model: Model, seq: int, tree: Tree) -> None:
        model.tree = tree
        model.past[seq] = dict(tree)
        if seq not in model.own:
            model.own.append(seq)


def can_hold(tree: Tree, path: str) -> bool:
    """Return whether something may be put at a path: all above it that is there is a directory."""
    while (path := split(path)[0]) != "/":
        if tree.get(path) is not None:
            return False
    return True


def with_parents(tree: Tree, path: str) -> Tree:
    found = dict(tree)
    while (path := split(path)[0]) != "/":
        found.setdefault(path, None)
    return found


def without(tree: Tree, top: str) -> Tree:
    return {path: text for path, text in tree.items() if not is_within(path, top)}


def moved(tree: Tree, source: str, target: str) -> Tree:
    return {target + path[len(source) :]: text for path, text in tree.items() if is_within(path, source)}


def is_free(tree: Tree, target: str) -> bool:
    parent = split(target)[0]
    return target not in tree and parent in tree and tree[parent] is None


Step = tuple[str, int, int, int]


def write(world: World, model: Model, path: str, other: int) -> None:
    if can_hold(model.tree, path) and model.tree.get(path, "") is not None:
        text = f"The {WORDS[other % len(WORDS)]} stands."
        commit = world.on(model).write(path, text)
        world.published(model, commit.id, with_parents(model.tree, path) | {path: text})


def mkdir(world: World, model: Model, path: str, other: int) -> None:
    if can_hold(model.tree, path) and model.tree.get(path) is None:
        commit = world.on(model).mkdir(path, parents=True, exist_ok=True)
        world.published(model, commit.id, with_parents(model.tree, path) | {path: None})


def move(world: World, model: Model, path: str, other: int) -> None:
    target = PATHS[other % len(PATHS)]
    if path in model.tree and is_free(model.tree, target) and not is_within(target, path):
        commit = world.on(model).move(path, target)
        world.published(model, commit.id, without(model.tree, path) | moved(model.tree, path, target))


def copy(world: World, model: Model, path: str, other: int) -> None:
    target = PATHS[other % len(PATHS)]
    if path in model.tree and is_free(model.tree, target) and not is_within(target, path):
        commit = world.on(model).copy(path, target)
        world.published(model, commit.id, model.tree | moved(model.tree, path, target))


def remove(world: World, model: Model, path: str, other: int) -> None:
    if path in model.tree:
        commit = world.on(model).remove(path, recursive=True)
        world.published(model, commit.id, without(model.tree, path))


def restore(world: World, model: Model, path: str, other: int) -> None:
    seq = sorted(model.past)[other % len(model.past)]
    then = model.past[seq]
    parent = split(path)[0]
    if path in then and (parent == "/" or (parent in model.tree and model.tree[parent] is None)):
        commit = world.on(model).restore(path, at=seq)
        world.published(model, commit.id, without(model.tree, path) | moved(then, path, path))


def fork(world: World, model: Model, path: str, other: int) -> None:
    if len(world.models) >= 5:
        return
    seqs = sorted(model.past)
    seq = seqs[-1 - other % len(seqs)]
    world.made += 1
    world.on(model).branches.create(f"b{world.made}", at=seq)
    past = {each: tree for each, tree in model.past.items() if each <= seq}
    world.models.append(Model(f"b{world.made}", dict(model.past[seq]), past, fork=seq))


def delete(world: World, model: Model, path: str, other: int) -> None:
    if model.name != "main":
        world.store.branches.delete(model.name)
        world.models.remove(model)


def reopen(world: World, model: Model, path: str, other: int) -> None:
    world.store.close()
    world.store = holdfast.open(world.folder, durability="relaxed")


def upkeep(world: World, model: Model, path: str, other: int) -> None:
    if other % 2:
        world.store.maintenance.optimize()
    else:
        retire.retire(rooms(world.store))


def tag(world: World, model: Model, path: str, other: int) -> None:
    seq = sorted(model.past)[other % len(model.past)]
    world.made += 1
    world.on(model).tags.create(f"t{world.made}", at=seq)
    world.tags[f"t{world.made}"] = (seq, model.past[seq])


def untag(world: World, model: Model, path: str, other: int) -> None:
    if world.tags:
        name = sorted(world.tags)[other % len(world.tags)]
        world.store.tags.delete(name)
        del world.tags[name]


def thin(world: World, model: Model, path: str, other: int) -> None:
    keep = (1, 1, 2, 4)[other % 4] if other % 5 else None
    would = world.store.maintenance.gc(keep=keep, dry_run=True)
    did = world.store.maintenance.gc(keep=keep)
    assert (would.commits, would.branches) == (did.commits, did.branches)
    forget_taken(world, keep)
    report = world.store.maintenance.verify(deep=True)
    assert report.ok, report.problems


def forget_taken(world: World, keep: int | None) -> None:
    """Forget what gc has taken, which none of what is promised to stay may be."""
    stays = {seq for seq, _ in world.tags.values()} | {each.fork for each in world.models}
    for model in world.models:
        stays.update(model.own[-(keep or len(model.own)) :] if model.own else [])
        for seq in list(model.past):
            try:
                world.on(model).snapshot(seq)
            except CommitTaken:
                assert seq not in stays
                del model.past[seq]


ACTIONS = {
    each.__name__: each
    for each in (write, mkdir, move, copy, remove, restore, fork, delete, reopen, upkeep, tag, untag, thin)
}
#: what is done more often than the rest
COMMON = ("write", "write", "write", "remove", "remove", "move", "fork", "fork", "restore", "upkeep", "upkeep", "thin")
STEPS = st.lists(
    st.tuples(st.sampled_from((*ACTIONS, *COMMON)), st.integers(0, 9), st.integers(0, 99), st.integers(0, 99)),
    min_size=5,
    max_size=30,
)


def shown(store: Store, at: int | str | None = None) -> Tree:
    view = store.snapshot(at)
    if not view.exists(TOP):
        return {}
    found: Tree = {TOP: None}
    return found | {each.path: None if each.is_dir else view.read_text(each.path) for each in view.tree(TOP)}


def check(world: World, model: Model, *, closely: bool) -> None:
    store, tree = world.on(model), model.tree
    assert shown(store) == tree
    assert set(store.glob(f"{TOP}/**")) - {TOP} == tree.keys() - {TOP}
    for seq in [*model.past][-3:] if not closely else model.past:
        assert shown(store, seq) == model.past[seq]
    for word in WORDS:
        found = {path for hit in store.search(word, mode="text", limit=50) for path in (hit.path, *hit.also)}
        assert found == {path for path, text in tree.items() if text and word in text}, word
    if closely:
        check_history(store, model)


def check_tags(world: World) -> None:
    for name, (seq, tree) in world.tags.items():
        # On a branch that has its commit, or on any where the branch of that was deleted.
        model = next((each for each in world.models if seq in each.past), world.models[0])
        assert shown(world.on(model), name) == tree


def check_history(store: Store, model: Model) -> None:
    seqs = sorted(model.past)
    line = [commit.id for commit in store.log() if not commit.taken]
    assert line[: len(seqs)] == seqs[::-1]
    for path in model.tree:
        assert {commit.id for commit in store.log(path)} <= set(line)
    for seq in seqs:
        if model.past[seq] != model.tree:
            assert {change.path for change in store.diff(seq)} & (model.tree.keys() | model.past[seq].keys())
        word = WORDS[seq % len(WORDS)]
        hits = store.search(word, mode="text", limit=50, at=seq)
        found = {path for hit in hits for path in (hit.path, *hit.also)}
        assert found == {path for path, text in model.past[seq].items() if text and word in text}


def run(folder: Path, steps: list[Step]) -> None:
    holdfast.create(folder).close()
    world = World(folder, holdfast.open(folder, durability="relaxed"))
    try:
        first = world.store.mkdir(TOP)
        world.models.append(Model("main", {TOP: None}, {first.id: {TOP: None}}, [first.id]))
        for action, which, path, other in steps:
            model = world.models[which % len(world.models)]
            ACTIONS[action](world, model, PATHS[path % len(PATHS)], other)
            # What was done to one must not show on another: that is looked at in turns.
            for each in {id(each): each for each in (model, world.models[-1]) if each in world.models}.values():
                check(world, each, closely=False)
            check_tags(world)
        for model in world.models:
            check(world, model, closely=True)
        report = world.store.maintenance.verify(deep=True)
        assert report.ok, report.problems
    finally:
        world.store.close()


@settings(max_examples=12, deadline=None)
@given(STEPS)
def test_every_branch_shows_its_own_tree_and_history(steps: list[Step]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        run(Path(folder) / "kb", steps)


def test_what_a_deleted_branch_brought_back_below_a_moved_directory_stays_where_it_is_seen() -> None:
    steps: list[Step] = [
        ("write", 0, 6, 1),
        ("tag", 0, 0, 0),
        ("remove", 0, 2, 0),
        ("fork", 0, 0, 0),
        ("restore", 1, 2, 1),
        ("fork", 1, 0, 0),
        ("delete", 1, 0, 0),
        ("thin", 0, 0, 1),
        ("untag", 0, 0, 0),
        ("thin", 0, 0, 1),
        ("move", 1, 2, 7),
        ("thin", 0, 0, 1),
    ]
    with tempfile.TemporaryDirectory() as folder:
        run(Path(folder) / "kb", steps)
