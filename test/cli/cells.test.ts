import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { beginning, cells, graphemes, padded } from "../../src/cli/reporter/cells.ts";
import { cut, entry, wrap } from "../../src/cli/reporter/look.ts";
import { servicesText } from "../../src/cli/reporter/status.ts";

/** Cells as tmux 3.3a counts them: what it says of the cursor's column after the text. */
const AS_TMUX: readonly (readonly [string, number])[] = [
  ["日本語", 6],
  ["한국어", 6],
  ["ｶﾅ", 2],
  ["Ａ", 2],
  ["e\u0301", 1],
  ["שָׁ", 1],
  ["🚀", 2],
  ["𠮷", 2],
  ["→ ✓ █", 5],
  ["\u001b[1m日\u001b[22m", 2],
];

const words = fc.string({
  unit: fc.constantFrom("a", "é", "e\u0301", "日", "本", "語", "한", "🚀", "🇩🇪", " ", "-", "ｶ"),
  maxLength: 120,
});

describe("cells", () => {
  it.each(AS_TMUX)("%j takes %i", (text, taken) => expect(cells(text)).toBe(taken));

  it("pad to a column", () => {
    expect(padded("日本", 6)).toBe("日本  ");
    expect(padded("日本", 3)).toBe("日本");
  });

  it("begin with whole characters, and with one at least", () => {
    expect(beginning("日本語", 5)).toBe("日本");
    expect(beginning("日本語", 1)).toBe("日");
    expect(beginning("e\u0301e\u0301", 1)).toBe("e\u0301");
    expect(graphemes("e\u0301🇩🇪日")).toEqual(["e\u0301", "🇩🇪", "日"]);
  });

  it.each([100, 80, 40])(
    "no line is wider than %i, whatever is wrapped or cut, and nothing of a text is lost",
    (columns) => {
      const look = { columns, color: false, unicode: true };
      fc.assert(
        fc.property(words, (text) => {
          const lines = wrap(text, columns);
          for (const line of [...lines, ...entry(look, 4, "+", text), cut(text, columns, look)])
            expect(cells(line)).toBeLessThanOrEqual(columns);
          expect(lines.join("").replaceAll(" ", "")).toBe(text.replaceAll(" ", ""));
        }),
      );
    },
  );

  it("a table keeps its columns", () => {
    const service = { namespace: "default", url: "https://a.example.com", ready: true, reason: "", pods: 1 };
    const text = servicesText(
      [
        { ...service, name: "店" },
        { ...service, name: "shop-of-mine" },
      ],
      { columns: 80, color: false, unicode: true },
    );
    const [first = "", second = ""] = text.split("\n");
    expect(cells(first.slice(0, first.indexOf("ready")))).toBe(cells(second.slice(0, second.indexOf("ready"))));
  });
});
