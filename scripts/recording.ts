import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { directed, normalised } from "./recording/normal.ts";
import { filmSvg } from "./recording/svg.ts";
import { film, hasTmux } from "./recording/terminal.ts";

// node scripts/recording.ts [FILE]: films a rehearsal in a terminal and draws it as an animated SVG, by default docs/recording.svg.
// KN_BOOTSTRAP_MANIFESTS: a directory with the releases, for a machine that cannot download them.

const ROOT = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
const COMMAND = "rehearse --dns route53 --domain apps.example.com";
const COLUMNS = 80;
const ROWS = 30;
/** GitHub shows larger ones too, but nobody waits for a README. */
const LARGEST = 200_000;

const record = async (): Promise<string> => {
  const folder = mkdtempSync(join(tmpdir(), "kn-bootstrap-recording-"));
  try {
    const over = join(folder, "over");
    const prompt = `$ kn-bootstrap ${COMMAND}`;
    // The screen is kept until it has been looked at once more.
    const script = `printf '%s\\n' '${prompt}'; '${process.execPath}' '${ROOT}/src/main.ts' ${COMMAND}; echo $? >'${over}'; sleep 600`;
    const frames = await film({
      script,
      columns: COLUMNS,
      rows: ROWS,
      env: { ...process.env, LANG: "C.UTF-8", LC_ALL: "", NO_COLOR: "", CI: "", TERM: "xterm-256color" },
      every: 0.12,
      isOver: () => existsSync(over),
      longest: 120,
    });
    return filmSvg(
      directed(normalised(frames, ROOT), { prompt, pause: 1.5, hold: { at: /Plan: \d+ to create/, seconds: 2 } }),
      {
        title: `A terminal: ${prompt.slice(2)}`,
        columns: COLUMNS,
        rows: ROWS,
        rest: 8,
      },
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

if (import.meta.main) {
  if (!hasTmux()) {
    process.stderr.write("tmux is not on PATH, and without a terminal there is nothing to film; install it.\n");
    process.exitCode = 1;
  } else {
    const path = process.argv[2] ?? join(ROOT, "docs", "recording.svg");
    const svg = await record();
    if (svg.length > LARGEST) throw new Error(`${svg.length} bytes are more than ${LARGEST}`);
    writeFileSync(path, svg);
    process.stdout.write(`${path}: ${Math.round(svg.length / 1000)} kB\n`);
  }
}
