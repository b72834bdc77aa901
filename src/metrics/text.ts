/** One line of what a port shows, in Prometheus' text format. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g;

const sampleIn = (line: string): Sample | undefined => {
  const open = line.indexOf("{");
  const close = line.lastIndexOf("}");
  const labels = open >= 0 && close > open ? line.slice(open + 1, close) : "";
  const [value = ""] = line
    .slice(close >= 0 ? close + 1 : line.indexOf(" "))
    .trim()
    .split(/[ \t]/, 1);
  const number = Number(value);
  if (value === "" || Number.isNaN(number)) return undefined;
  return {
    labels: Object.fromEntries([...labels.matchAll(LABEL)].map(([, name = "", text = ""]) => [name, text])),
    value: number,
  };
};

/** The samples of one series, by its name; what is no such line is passed over. */
export const samplesOf = (text: string, name: string): readonly Sample[] =>
  text
    .split("\n")
    .filter((line) => NAME.exec(line)?.[0] === name)
    .flatMap((line) => sampleIn(line) ?? []);
