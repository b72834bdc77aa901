import { isDeepStrictEqual } from "node:util";
import type { Config } from "../../config/config.ts";
import { type Kept, NOTHING_KEPT, settleWith } from "../../config/kept.ts";
import { asWords, asYaml, shown, told } from "../../config/shown.ts";
import { UserError } from "../../ports/error.ts";
import { sh } from "../../ports/shell.ts";

const FILE = "kn-bootstrap.yaml";

/**
 * How to have the same again without being asked, in paragraphs: a command, and a command that writes a file. Nothing is indented
 * or wrapped, because it is there to be copied, and a here-document ends at the left margin only.
 */
export const offer = (config: Config, kept: Kept = NOTHING_KEPT): readonly string[] => {
  const whole = saysAll(config, kept) ? [] : ["--reset-choices"];
  return [
    `The same without questions, as one command:\n\n${sh`${asWords(config)} ${whole}`}\n`,
    [
      "Or from a file, to be kept beside the code:\n",
      sh`cat > ${FILE} <<'YAML'`,
      `${asYaml(config)}YAML`,
      sh`kn-bootstrap install --config ${FILE} ${whole}`,
      "",
    ].join("\n"),
  ];
};

/** Defaults go without saying, but not over what was chosen before. */
const saysAll = (config: Config, kept: Kept): boolean => {
  try {
    const { config: understood } = settleWith(told(config), kept, [], { env: {}, terminal: false });
    return isDeepStrictEqual(shown(understood), shown(config));
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
};
