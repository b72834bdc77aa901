import {
  defaultText,
  envOf,
  flagOf,
  inEnvironment,
  inFile,
  OPTIONS,
  type Option,
  optionName,
  valuePart,
} from "../../config/options.ts";

/** Where else than in a flag it may stand. */
const placesOf = (option: Option): string => {
  const places = [
    ...(inFile.includes(option) ? [`key ${optionName(option)}`] : []),
    ...(inEnvironment.includes(option) ? [`variable ${envOf(option)}`] : []),
  ];
  return places.length === 0 ? "A flag only." : `Also ${places.join(", ")}.`;
};

const entryOf = (option: Option): string => {
  const takes = option.choices && option.value ? ` One of ${option.choices.join(", ")}.` : "";
  const owners = option.group === "This command" ? ` Of ${option.commands.join(", ")}.` : "";
  return `${flagOf(option)}${valuePart(option)}: ${option.help}.${owners}${takes} Default: ${defaultText(option)}. ${placesOf(option)}`;
};

export const text = `
Each command lists its own with --help. Here are all of them; help config says how they are written and which place wins.

${[...Map.groupBy(OPTIONS, ({ group }) => group)]
  .map(([group, some]) =>
    [`${group === "This command" ? "Single commands" : group}:`, ...some.map(entryOf)].join("\n\n"),
  )
  .join("\n\n")}
`;
