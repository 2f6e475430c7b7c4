"""The facts of a model as blocks of text: dtypes, dimensions, metadata, files."""

from __future__ import annotations

from rich.text import Text

from core.checkpoint.metadata import ArrayLength, Metadata, MetadataValue
from core.count.counter import Count
from core.count.dtype_totals import bits_per_weight
from core.count.labels import category_label, ordered_categories
from core.count.totals import NOT_COUNTED, Tally
from core.report.facts import dimension_figures, dtype_labels
from core.report.summary import left_text, tensors_text
from core.text.escape import escaped
from core.text.numbers import decimals, exact, percent, plural, share, short, size
from core.text.width import beginning, cells, padded
from tui.charts.marks import EIGHTHS, RIGHTWARDS, length_of
from tui.palette import Palette
from tui.widgets.rule import rule

_LABEL_COLUMNS = 14
_DIMENSION_COLUMNS = 3
_KEY_COLUMNS = 30
_MAX_KEYS, _MAX_FILES = 10, 6
_WIDE_COLUMNS = 100
_NARROW_COLUMNS = 70
_MIN_BAR_COLUMNS, _MAX_BAR_COLUMNS = 8, 60
_AXIS = "100 % of bytes"


def facts_text(count: Count, palette: Palette, width: int) -> Text:
    """All blocks, one below the other.

    Args:
        count: the model.
        palette: how things are drawn.
        width: of a line, in columns.
    """
    blocks = [_types(count, palette, width), _dimensions(count, palette, width), _metadata(count, palette, width)]
    blocks.append(_files(count, palette, width))
    if width >= _WIDE_COLUMNS:
        blocks.append(_types_by_category(count, palette, width))
    text = Text(no_wrap=True, overflow="crop", end="")
    for number, lines in enumerate(block for block in blocks if block):
        text.append("\n\n" if number else "")
        text.append(lines[0], "bold")
        for line in lines[1:]:
            text.append("\n").append(line)
    return text


def _types(count: Count, palette: Palette, width: int) -> list[str | Text]:
    """A dtype a row: a bar of its bytes, bits a weight, parameters, tensors, bytes."""
    whole = count.totals.whole
    bits = bits_per_weight(whole)
    with_data = ", scales included" if "quantization" in count.totals.not_counted else ""
    said = f"{decimals(bits, 2)} bits a weight{with_data}" if bits is not None else "no parameters"
    lines: list[str | Text] = [rule("Types", said, width, palette)]
    columns = _columns(width)
    room = width - _LABEL_COLUMNS - sum(wide for _, wide in columns) - 3
    room = min(_MAX_BAR_COLUMNS, room) if room >= _MIN_BAR_COLUMNS else 0
    axis = f"0{_AXIS:>{room - 1}}" if room > len(_AXIS) + 1 else " " * room
    heads = "".join(f"{title:>{wide}}" for title, wide in columns)
    lines.append(Text(f" {'Type':{_LABEL_COLUMNS}}{axis}{heads}", "dim"))
    labels = dtype_labels(count)
    rows = [(labels[dtype], totals.whole) for dtype, totals in count.dtypes.items() if totals.whole.bytes]
    for label, held in rows:
        bar = _bar(held.bytes / whole.bytes, room, palette)
        shown = f" {palette.fit(label, _LABEL_COLUMNS - 1)} {padded(bar, room)}{_figures(held, columns)}"
        lines.append(palette.plain(shown))
    if len(rows) != 1:
        lines.append(palette.plain(f" {'Total':{_LABEL_COLUMNS}}{' ' * room}{_figures(whole, columns)}"))
    for dtype, totals in count.dtypes.items():
        if (data := totals.not_counted.get("quantization")) and totals.whole.parameters:
            held_by = f"{labels[dtype]}: {size(data.bytes)} of quantisation data (scales, zero points), in the size"
            lines.append(Text(f" {palette.plain(beginning(held_by, width - 1))}", "dim"))
    return lines


def _bar(share: float, room: int, palette: Palette) -> str:
    """A bar of a share (0 to 1) of a room in cells, to an eighth of a cell."""
    if palette.ascii:
        return palette.block * round(share * room)
    eighths = length_of(share, 1, room)
    return palette.block * (eighths // EIGHTHS) + RIGHTWARDS[eighths % EIGHTHS].strip()


def _columns(width: int) -> list[tuple[str, int]]:
    """Titles and widths of the figures; on a narrow screen counts are short, and that of tensors is left out."""
    columns = [("Bits", 7), ("Parameters", 17), ("Tensors", 9), ("Size", 10)]
    if width < _NARROW_COLUMNS:
        columns = [("Bits", 7), ("Params", 9), ("Size", 10)]
    return columns


def _figures(held: Tally, columns: list[tuple[str, int]]) -> str:
    bits = bits_per_weight(held)
    figures = {
        "Bits": "–" if bits is None else decimals(bits, 2),
        "Parameters": exact(held.parameters),
        "Params": short(held.parameters),
        "Tensors": exact(held.tensor_count),
        "Size": size(held.bytes),
    }
    if len(figures["Parameters"]) > 16:
        figures["Parameters"] = figures["Params"]
    return "".join(f"{figures[title]:>{wide}}" for title, wide in columns)


def _dimensions(count: Count, palette: Palette, width: int) -> list[str | Text]:
    """Sizes in three columns, from the top of each to its bottom."""
    figures = list(dimension_figures(count).items())
    if not figures:
        return []
    config = count.source.config
    where = "config.json" if config.layers or config.hidden_size else "by the shapes"
    where = {"gguf": "the file's keys", "built-in": "built in"}.get(count.source.format, where)
    lines: list[str | Text] = [rule("Dimensions", where, width, palette)]
    high = -(-len(figures) // _DIMENSION_COLUMNS)
    wide = (width - 1) // _DIMENSION_COLUMNS
    for row in range(high):
        cells_of_row = figures[row::high]
        shown = (f"{word}{figure:>{max(1, wide - 3 - len(word))}}" for word, figure in cells_of_row)
        lines.append(" " + "   ".join(shown))
    return lines


def _metadata(count: Count, palette: Palette, width: int) -> list[str | Text]:
    """The first keys with the beginnings of their values."""
    metadata = count.source.metadata
    if not metadata.count:
        return []
    shown = list(metadata.values.items())[:_MAX_KEYS]
    what = "__metadata__ of the file" if count.source.format == "safetensors" else "the file's keys"
    lines: list[str | Text] = [rule("Metadata", f"{plural(metadata.count, 'key')} · {what}", width, palette)]
    keys = min(_KEY_COLUMNS, max(18, *(cells(escaped(key)) for key, _ in shown)))
    for key, value in shown:
        text = beginning(palette.plain(escaped(value_text(value))), width - keys - 3)
        lines.append(palette.plain(f" {palette.fit(escaped(key), keys)}  {text}"))
    lines.append(Text(f" {_more(metadata, len(shown))}", "dim"))
    return lines


def _more(metadata: Metadata, shown: int) -> str:
    left = metadata.count - shown
    return f"{exact(left)} more; Enter: all of them, in full" if left > 0 else "Enter: in full"


def value_text(value: MetadataValue) -> str:
    """A value as people read it: `true`, `[151,936 elements]`."""
    if isinstance(value, ArrayLength):
        return f"[{plural(value.length, 'element')}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return exact(value)
    if isinstance(value, float):
        return f"{value:.7g}"
    return "not a number" if value is None else value


def _files(count: Count, palette: Palette, width: int) -> list[str | Text]:
    """Each file with what it holds, then what of all that is not counted."""
    lines: list[str | Text] = []
    held = count.files()
    for name, (tensors, nbytes) in list(held.items())[:_MAX_FILES]:
        what = f"{plural(tensors, 'tensor')} · {size(nbytes)}"
        room = width - cells(what) - 3
        lines.append(palette.plain(f" {palette.fit(escaped(name), room)} {what}"))
    if len(held) > _MAX_FILES:
        lines.append(Text(f" and {plural(len(held) - _MAX_FILES, 'more file')}", "dim"))
    for role in NOT_COUNTED:
        if left := count.totals.not_counted.get(role):
            said = f" not counted, {left_text(role, left)}"
            lines.append(Text(palette.plain(beginning(palette.plain(said), width)), "dim"))
    if not lines:
        return []
    return [rule("Files", tensors_text(count.totals), width, palette), *lines]


def _types_by_category(count: Count, palette: Palette, width: int) -> list[str | Text]:
    """The parameters of each dtype in each category; nothing where all are of one dtype."""
    held = {dtype: totals for dtype, totals in count.dtypes.items() if totals.parameters}
    if len(held) < 2:
        return []
    labels = dtype_labels(count)
    keys = [key for key, _ in ordered_categories(count.totals)]
    wide = min(18, (width - _LABEL_COLUMNS - 1) // len(keys))
    heads = Text(f" {' ' * _LABEL_COLUMNS}")
    for key in keys:
        word = beginning(category_label(key, count.totals), wide - 4)
        heads.append(" " * (wide - cells(word) - 2))
        heads.append(palette.glyph(key), "" if palette.monochrome else palette.color(key))
        heads.append(f" {word}", "dim")
    lines: list[str | Text] = [rule("Types by category", "parameters", width, palette), heads]
    for dtype, totals in held.items():
        row = f" {palette.fit(labels[dtype], _LABEL_COLUMNS)}"
        for key in keys:
            parameters = totals.categories[key].parameters if key in totals.categories else 0
            figure = exact(parameters) if len(exact(parameters)) < wide else short(parameters)
            row += f"{figure if parameters else '–':>{wide}}"
        lines.append(palette.plain(row))
    whole = count.totals.whole
    largest, totals = max(held.items(), key=lambda item: item[1].parameters)
    of_parameters = percent(share(totals.parameters, whole.parameters))
    of_bytes = percent(share(totals.whole.bytes, whole.bytes))
    said = f"{labels[largest]}: {of_parameters} % of the parameters, {of_bytes} % of the bytes"
    lines.append(Text(f" {palette.plain(said)}", "dim"))
    return lines
