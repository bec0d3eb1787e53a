"""Matrix products by vector instructions, for those that BLAS takes longer for than it must."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

_BLOCKS = {"float": (32, 8, 1), "double": (16, 4, 1)}  # columns at once; the first is what registers hold
_BYTES = {"float": 4, "double": 8}

# Of a tile, measured with AVX2 and AVX-512: bytes of a vector and rows, which with three vectors across are what the
# registers hold; rows of x or terms of a sum up to which it pays, and columns or terms of a dot product from which on.
_FORMS = {"+avx512f": (64, 8), "+avx2": (32, 4)}
_ACROSS = 3
_THIN = {"float": 32, "double": 16}
_BROAD, _LONG = 48, 128
_NEAR = 2**19  # bytes of y and of out that are gone through again for every tile: a second cache holds them


class _Matrix(NamedTuple):
    """Where the elements of a matrix lie: from row to row, and from column to column (None for side by side)."""

    data: Any
    down: Any
    across: Any

    def turned(self) -> _Matrix:
        return _Matrix(self.data, self.across, self.down)

    def lying(self) -> _Matrix:
        """The same, known to have the elements of a row side by side."""
        return _Matrix(self.data, self.down, None)


class _Product:
    """What all ways have in common: out ← alpha · (x · y) + beta · out, from loops and from single elements.

    args   data and strides of x and of y, those of out, whose rows lie; lengths m, n, k; alpha and beta
    """

    def __init__(self, builder: Any, real: Any, args: Any) -> None:
        self.builder, self.real, self.name = builder, real, str(real)
        x, x_down, x_across, y, y_down, y_across, out, out_down, *rest = args
        self.x = _Matrix(x, x_down, x_across)
        self.y = _Matrix(y, y_down, y_across)
        self.out = _Matrix(out, out_down, None)
        self.m, self.n, self.k, self.alpha, self.beta = rest

    def _loop(self, end: Any, start: Any = None, step: int = 1) -> Any:
        from numba.core import cgutils

        @contextmanager
        def indices() -> Iterator[Any]:
            first = end.type(0) if start is None else start
            with cgutils.for_range_slice(self.builder, first, end, end.type(step)) as (index, _):
                yield index

        return indices()

    def _is(self, one: Any, relation: str, other: int) -> Any:
        return self.builder.icmp_signed(relation, one, one.type(other))

    def _whole(self, length: Any, step: int) -> Any:
        """How much of a length large steps cover."""
        return self.builder.sub(length, self.builder.srem(length, length.type(step)))

    def _vector(self, width: int) -> Any:
        from llvmlite import ir

        return self.real if width == 1 else ir.VectorType(self.real, width)

    def _zeros(self, kind: Any) -> Any:
        from numba.core import cgutils

        sums = cgutils.alloca_once(self.builder, kind)
        self.builder.store(kind(None), sums)
        return sums

    def _place(self, matrix: _Matrix, i: Any, j: Any, kind: Any) -> Any:
        builder = self.builder
        across = j if matrix.across is None else builder.mul(j, matrix.across)
        distance = builder.add(builder.mul(i, matrix.down), across)
        place = builder.gep(matrix.data, [distance], inbounds=True)
        return builder.bitcast(place, kind.as_pointer())

    def _load(self, matrix: _Matrix, i: Any, j: Any, kind: Any = None) -> Any:
        place = self._place(matrix, i, j, kind or self.real)
        return self.builder.load(place, align=_BYTES[self.name])

    def _spread(self, number: Any, kind: Any) -> Any:
        """The number in every place of a vector."""
        from llvmlite import ir

        if kind is self.real:
            return number
        nothing = ir.Constant(kind, ir.Undefined)
        first = self.builder.insert_element(nothing, number, ir.IntType(32)(0))
        places = ir.Constant(ir.VectorType(ir.IntType(32), kind.count), None)
        return self.builder.shuffle_vector(first, nothing, places)

    def _add_product(self, sums: Any, one: Any, other: Any) -> None:
        builder, flags = self.builder, ("contract",)
        term = builder.fmul(one, other, flags=flags)
        builder.store(builder.fadd(builder.load(sums), term, flags=flags), sums)

    def _sum(self, vector: Any, width: int) -> Any:
        """Of the places of a vector, the upper half on the lower again and again."""
        from llvmlite import ir

        number = ir.IntType(32)
        while width > 1:
            width //= 2
            nothing = ir.Constant(vector.type, ir.Undefined)
            halves = []
            for at in (0, width):
                places = [number(at + place) for place in range(width)]
                mask = ir.Constant(ir.VectorType(number, width), places)
                halves.append(self.builder.shuffle_vector(vector, nothing, mask))
            vector = self.builder.fadd(*halves)
        return self.builder.extract_element(vector, number(0))

    def _finish(self, total: Any, i: Any, j: Any, kind: Any) -> None:
        """Store alpha · total + beta · out; at beta = 0 what out holds does not matter."""
        builder, align = self.builder, _BYTES[self.name]
        place = self._place(self.out, i, j, kind)
        scaled = builder.fmul(total, self._spread(self.alpha, kind))
        before = builder.load(place, align=align)
        kept = builder.fmul(before, self._spread(self.beta, kind))
        clear = builder.fcmp_ordered("==", self.beta, self.real(0))
        result = builder.select(clear, scaled, builder.fadd(scaled, kept))
        builder.store(result, place, align=align)


class Rows(_Product):
    """Emits a small product, row by row: each sum in one register from its first term to its last."""

    def product(self) -> None:
        builder = self.builder
        apart = self._is(self.y.across, "!=", 1)
        columns_apart = builder.or_(apart, self._is(self.n, "==", 1))
        with self._loop(self.m) as i, builder.if_else(columns_apart) as (then, otherwise):
            with then:
                self._row_of_dots(i)
            with otherwise:
                self._row_by_blocks(i)

    def _row_by_blocks(self, i: Any) -> None:
        """Several columns at once; y lies row by row."""
        y, start = self.y.lying(), self.n.type(0)
        for width in _BLOCKS[self.name]:
            kind, end = self._vector(width), self._whole(self.n, width)
            with self._loop(end, start, width) as j:
                sums = self._zeros(kind)
                with self._loop(self.k) as p:
                    factor = self._spread(self._load(self.x, i, p), kind)
                    self._add_product(sums, factor, self._load(y, p, j, kind))
                self._finish(self.builder.load(sums), i, j, kind)
            start = end

    def _row_of_dots(self, i: Any) -> None:
        """One column at a time; several terms at once where x and y lie along them."""
        builder, turned = self.builder, self.y.turned()
        x, y = self.x.lying(), turned.lying()
        width, zero = _BLOCKS[self.name][1], self.k.type(0)
        kind = self._vector(width)
        along = builder.and_(self._is(self.x.across, "==", 1), self._is(self.y.down, "==", 1))
        end = builder.select(along, self._whole(self.k, width), zero)
        with self._loop(self.n) as j:
            sums, rest = self._zeros(kind), self._zeros(self.real)
            with self._loop(end, zero, width) as p:
                self._add_product(sums, self._load(x, i, p, kind), self._load(y, j, p, kind))
            with self._loop(self.k, end) as p:
                self._add_product(rest, self._load(self.x, i, p), self._load(turned, j, p))
            total = builder.fadd(self._sum(builder.load(sums), width), builder.load(rest))
            self._finish(total, i, j, self.real)


class Tiles(_Product):
    """Emits the product tile by tile of out, each in registers, from x and y as they lie.

    BLAS first brings both into an order of its own. That pays where each number is used many times; not where x has few
    rows or a sum has few terms, as in the convolution of one image.

    features  of the processor, by the names that LLVM has for them

    Attributes: ``height``, the rows of a tile; 0 on a processor on which nothing was measured.

    source    Goto, van de Geijn, Anatomy of high-performance matrix multiplication, ACM TOMS 34 (2008), section 6
    """

    def __init__(self, builder: Any, real: Any, args: Any, features: str) -> None:
        super().__init__(builder, real, args)
        known = features.split(",")
        size, self.height = next((form for name, form in _FORMS.items() if name in known), (0, 0))
        self.width = size // _BYTES[self.name]

    def pay(self) -> Any:
        """Whether this is the faster way."""
        both, either, thin = self.builder.and_, self.builder.or_, _THIN[self.name]
        few_rows = self._is(self.m, "<=", thin)
        few_terms = self._is(self.k, "<=", thin)
        outer = both(self._is(self.y.across, "==", 1), self._is(self.n, ">=", _BROAD))
        for length in (self.k, self.m):
            size = self.builder.mul(length, self.n)
            outer = both(outer, self._is(size, "<=", _NEAR // _BYTES[self.name]))
        lie = both(self._is(self.x.across, "==", 1), self._is(self.y.down, "==", 1))
        inner = both(lie, self._is(self.k, ">=", _LONG))
        return either(both(outer, either(few_rows, few_terms)), both(inner, few_rows))

    def product(self) -> None:
        width = self.width
        blocks = ((_ACROSS, width), (1, width), (1, 1))
        with self.builder.if_else(self._is(self.y.across, "==", 1)) as (then, otherwise):
            with then:
                for j, across, kind in self._parts(self.n, blocks):
                    for i, down, _ in self._rows():
                        self._outer(i, down, j, across, kind)
            with otherwise:
                for j, across, _ in self._parts(self.n, ((_ACROSS, 1), (1, 1))):
                    for i, down, _ in self._rows():
                        self._inner(i, down, j, across)

    def _rows(self) -> Iterator[tuple[Any, int, Any]]:
        return self._parts(self.m, ((self.height, 1), (1, 1)))

    def _parts(self, length: Any, blocks: tuple[tuple[int, int], ...]) -> Iterator[tuple[Any, int, Any]]:
        """Loops over a length by large blocks, and over what is left by smaller ones; the caller emits their bodies.

        blocks  of each how many vectors, and how wide these are
        """
        start = length.type(0)
        for count, width in blocks:
            end = self._whole(length, count * width)
            with self._loop(end, start, count * width) as index:
                yield index, count, self._vector(width)
            start = end

    def _outer(
        self,
        i: Any,
        down: int,
        j: Any,
        across: int,
        kind: Any,
    ) -> None:
        """A tile of rows and vectors of columns; y lies row by row."""
        y, width = self.y.lying(), getattr(kind, "count", 1)
        rows, columns = self._from(i, down), self._from(j, across, width)
        sums = self._grid(rows, columns, kind)
        with self._loop(self.k) as p:
            terms = [self._load(y, p, column, kind) for column in columns]
            for row, own in zip(rows, sums, strict=True):
                factor = self._spread(self._load(self.x, row, p), kind)
                for total, term in zip(own, terms, strict=True):
                    self._add_product(total, factor, term)
        for row, own in zip(rows, sums, strict=True):
            for column, total in zip(columns, own, strict=True):
                self._finish(self.builder.load(total), row, column, kind)

    def _inner(
        self,
        i: Any,
        down: int,
        j: Any,
        across: int,
    ) -> None:
        """A tile of dot products, several terms at once; x and y lie along them."""
        builder, kind = self.builder, self._vector(self.width)
        rows, columns = self._from(i, down), self._from(j, across)
        sums, rest = (self._grid(rows, columns, form) for form in (kind, self.real))
        zero, end = self.k.type(0), self._whole(self.k, self.width)
        with self._loop(end, zero, self.width) as p:
            self._add_products(sums, rows, columns, p, kind)
        with self._loop(self.k, end) as p:
            self._add_products(rest, rows, columns, p, self.real)
        for row, own, left in zip(rows, sums, rest, strict=True):
            for column, total, more in zip(columns, own, left, strict=True):
                whole = self._sum(builder.load(total), self.width)
                self._finish(builder.fadd(whole, builder.load(more)), row, column, self.real)

    def _add_products(
        self,
        sums: Any,
        rows: Any,
        columns: Any,
        p: Any,
        kind: Any,
    ) -> None:
        x, y = self.x.lying(), self.y.turned().lying()
        terms = [self._load(y, column, p, kind) for column in columns]
        for row, own in zip(rows, sums, strict=True):
            factor = self._load(x, row, p, kind)
            for total, term in zip(own, terms, strict=True):
                self._add_product(total, factor, term)

    def _grid(self, rows: Any, columns: Any, kind: Any) -> list[list[Any]]:
        return [[self._zeros(kind) for _ in columns] for _ in rows]

    def _from(self, index: Any, count: int, step: int = 1) -> list[Any]:
        """So many indices, a step apart."""
        return [self.builder.add(index, index.type(step * number)) for number in range(count)]
