import { expect, test } from "bun:test";
import { alignRows, ellipsis } from "./table.ts";

test("alignRows() pads all cells but the last, at least ten wide", () => {
  expect(
    alignRows([
      ["NAME", "ID", "X"],
      ["a-long-name", "1", ""],
    ]),
  ).toBe("NAME          ID        X\na-long-name   1         \n");
});

test("alignRows() aligns a column only among neighbouring rows that have it", () => {
  const rows = [["a", "b", "c"], ["just one"], ["long cell here", "d"]];
  expect(alignRows(rows, { minWidth: 0, padding: 1 })).toBe("a b c\njust one\nlong cell here d\n");
});

test("alignRows() ends a line where a cell has a line break", () => {
  const rows = [
    ["a", "b\nc", "d"],
    ["e", "f", "g"],
  ];
  expect(alignRows(rows, { minWidth: 0, padding: 1 })).toBe("a b\nc d\ne f g\n");
});

test("alignRows() counts the cells of the terminal, not bytes", () => {
  expect(
    alignRows(
      [
        ["…ü", "x"],
        ["ab", "y"],
      ],
      { minWidth: 0, padding: 1 },
    ),
  ).toBe("…ü x\nab y\n");
});

test("ellipsis() shortens to cells, wide characters counted twice", () => {
  expect(ellipsis("sleep 1000000000000000", 20)).toBe("sleep 1000000000000…");
  expect(ellipsis("short", 20)).toBe("short");
  expect(ellipsis("日本語日本語", 5)).toBe("日本…");
});
