"""Many small modules as one short program: the same code, bundled, with short names, for where every byte counts."""

from __future__ import annotations

import ast
import builtins
import itertools
import keyword
import string
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

Modules = Mapping[str, str]
"""Sources by the dotted names of their modules."""


def bundle(modules: Modules, main: str) -> str:
    """One program that calls ``main`` of the module of that name.

    Raises:
        ValueError: when a module does what cannot be bundled.
    """
    trees = {name: ast.parse(source) for name, source in modules.items()}
    outside = {line for tree in trees.values() for each in tree.body for line in _imports_of_others(each, trees)}
    body = [statement for name in _in_order(trees) for statement in _own_part(name, trees[name], trees)]
    call = ast.parse(f"{_unique(main, 'main')}()").body
    whole = ast.Module([*(ast.parse(line).body[0] for line in sorted(outside)), *body, *call], [])
    for node in ast.walk(whole):
        _strip(node)
    while len(used := _used(whole)) < len(whole.body):
        whole.body = used
    renaming = _Renaming(whole)
    program = ast.unparse(ast.fix_missing_locations(renaming.visit(whole)))
    return "\n".join(["from __future__ import annotations", *_outdented(program), ""])


def _source_of(module: str, statement: ast.ImportFrom) -> str:
    """The module from which it imports, by its whole name."""
    parents = module.split(".")[: -statement.level] if statement.level else []
    return ".".join([*parents, *filter(None, [statement.module])])


def _imports_of_others(statement: ast.stmt, modules: Mapping[str, object]) -> Iterator[str]:
    """A line for each name that it imports from elsewhere."""
    known = {*modules, "__future__"}
    if isinstance(statement, ast.Import):
        yield from (f"import {each.name}" for each in statement.names)
    elif isinstance(statement, ast.ImportFrom) and not statement.level and statement.module not in known:
        yield from (f"from {statement.module} import {each.name}" for each in statement.names)


def _used(tree: ast.Module) -> list[ast.stmt]:
    """Without what nothing refers to: types above all."""
    loaded = Counter(
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    )

    def is_used(statement: ast.stmt) -> bool:
        if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
            return loaded[statement.name] > 0
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            return loaded[statement.names[0].name.split(".")[0]] > 0
        return True

    return [statement for statement in tree.body if is_used(statement)]


def _in_order(trees: Mapping[str, ast.Module]) -> list[str]:
    """Modules after those that they import."""
    done: list[str] = []

    def take(name: str) -> None:
        for statement in trees[name].body:
            if isinstance(statement, ast.ImportFrom) and (source := _source_of(name, statement)) in trees:
                take(source)
        if name not in done:
            done.append(name)

    for name in sorted(trees):
        take(name)
    return done


def _unique(module: str, name: str) -> str:
    """Of a name of a module, one that no other module has."""
    return f"{module.replace('.', '_')}__{name}"


def _own_part(module: str, tree: ast.Module, trees: Mapping[str, ast.Module]) -> list[ast.stmt]:
    """What a module defines, under names of its own."""
    imported: dict[str, str] = {}
    body: list[ast.stmt] = []
    for statement in tree.body:
        if isinstance(statement, ast.ImportFrom) and (source := _source_of(module, statement)) in trees:
            imported.update({each.asname or each.name: _unique(source, each.name) for each in statement.names})
        elif not isinstance(statement, (ast.Import, ast.ImportFrom)):
            body.append(statement)
    names = {**imported, **{name: _unique(module, name) for name in _defined(body)}}
    shadowed = {node.arg for each in body for node in ast.walk(each) if isinstance(node, ast.arg)} & set(names)
    if shadowed:
        raise ValueError(f"{module}: names of the module are parameters too: {sorted(shadowed)}")
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name):
                node.id = names.get(node.id, node.id)
        if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
            statement.name = names[statement.name]
    return body


def _defined(body: Sequence[ast.stmt]) -> Iterator[str]:
    for statement in body:
        if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
            yield statement.name
        for node in ast.walk(statement) if isinstance(statement, (ast.Assign, ast.AnnAssign)) else ():
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id


def _strip(node: ast.AST) -> None:
    """Take away docstrings and the types of functions; comments are no part of the tree."""
    if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
        node.body = [each for each in node.body if not _is_text(each)] or [ast.Pass()]
    if isinstance(node, ast.FunctionDef):
        node.returns = None
        node.body = [_untyped(each) for each in node.body]
    if isinstance(node, ast.arg):
        node.annotation = None


def _untyped(statement: ast.stmt) -> ast.stmt:
    if isinstance(statement, ast.AnnAssign) and statement.value is not None:
        return ast.Assign([statement.target], statement.value, lineno=statement.lineno)
    return statement


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


class _Renaming(ast.NodeTransformer):
    """Short names for variables, functions, classes and private attributes.

    Public attributes, and what is passed by name, keep theirs: they may be those of the standard library.
    """

    def __init__(self, tree: ast.Module) -> None:
        nodes = list(ast.walk(tree))
        self._fixed = {
            *dir(builtins),
            *keyword.kwlist,
            *(node.arg for node in nodes if isinstance(node, ast.keyword) and node.arg),
            *(
                each.name.split(".")[0]
                for node in nodes
                if isinstance(node, (ast.Import, ast.ImportFrom))
                for each in node.names
            ),
            *(name for node in nodes if isinstance(node, ast.ClassDef) for name in _defined(node.body)),
        }
        private = (node.attr for node in nodes if isinstance(node, ast.Attribute) and _is_private(node.attr))
        counted = Counter(
            name
            for name in [*(node.id for node in nodes if isinstance(node, ast.Name)), *private]
            if "__" in name[1:] or _is_private(name)
        )
        names = sorted(set(counted) - self._fixed, key=lambda name: (-counted[name], name))
        self._global = dict(zip(names, self._free(string.ascii_uppercase), strict=False))
        self._local: dict[str, str] = {}

    def _free(self, first: str) -> Iterator[str]:
        """Names that begin with such a letter, the shortest first."""
        longer = ("".join(each) for each in itertools.product(first, string.ascii_letters))
        return (name for name in (*first, *longer) if name not in self._fixed)

    def _of(self, name: str) -> str:
        return self._local.get(name) or self._global.get(name, name)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """A variable, a function or a class."""
        node.id = self._of(node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        """A parameter."""
        node.arg = self._of(node.arg)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """Renamed where it is private."""
        node.attr = self._global.get(node.attr, node.attr)
        return self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """The names within are its own, those of functions in it included."""
        outermost = not self._local
        if outermost:
            names = dict.fromkeys(name for name in _local_names(node) if name not in self._fixed)
            self._local = {**dict(zip(names, self._free(string.ascii_lowercase), strict=False)), " ": ""}
        node.name = self._global.get(node.name, node.name) if outermost else self._of(node.name)
        self.generic_visit(node)
        if outermost:
            self._local = {}
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        """A class of the module."""
        node.name = self._of(node.name)
        return self.generic_visit(node)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        """The name of what was caught."""
        node.name = node.name and self._of(node.name)
        return self.generic_visit(node)


def _local_names(function: ast.FunctionDef) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, (ast.ExceptHandler, ast.FunctionDef)) and node is not function and node.name:
            yield node.name


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def _outdented(source: str) -> Iterator[str]:
    """One blank for each level, in place of four; lines within a text are left alone."""
    inside = {
        line
        for node in ast.walk(ast.parse(source))
        if isinstance(node, (ast.Constant, ast.JoinedStr)) and node.end_lineno
        for line in range(node.lineno + 1, node.end_lineno + 1)
    }
    for number, line in enumerate(source.split("\n"), start=1):
        depth = len(line) - len(line.lstrip(" "))
        yield line if number in inside else " " * (depth // 4) + line.lstrip(" ")
