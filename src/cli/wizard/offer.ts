import type { Config } from "../../config/config.ts";
import { asCommand, asYaml } from "../../config/shown.ts";

const FILE = "kn-bootstrap.yaml";

/** The file that says the same. The first line tells editors what may stand in it. */
export const fileText = (config: Config, schema: string): string =>
  `# yaml-language-server: $schema=${schema}\n${asYaml(config)}`;

/**
 * How to have the same again without being asked, in paragraphs: a command, and a command that writes a file. Nothing is indented
 * or wrapped, because it is there to be copied, and a here-document ends at the left margin only.
 */
export const offer = (config: Config, schema: string): readonly string[] => [
  `The same without questions, as one command:\n\n${asCommand(config)}\n`,
  [
    "Or from a file, to be kept beside the code:\n",
    `cat > ${FILE} <<'YAML'`,
    `${fileText(config, schema)}YAML`,
    `kn-bootstrap install --config ${FILE}`,
    "",
  ].join("\n"),
];
