import type { Config } from "./config.ts";
import { flagOf } from "./options.ts";
import type { Rule } from "./rule.ts";

/** Options that mean something with these kinds of logging alone. */
const BELONG: Readonly<Partial<Record<keyof Config, readonly Config["logging"][]>>> = {
  loggingCollect: ["fluent-bit", "elasticsearch"],
  loggingNodes: ["fluent-bit", "elasticsearch"],
  loggingOutput: ["fluent-bit"],
  loggingUrl: ["fluent-bit"],
  loggingReplicas: ["elasticsearch"],
  loggingStorage: ["elasticsearch"],
  loggingStorageClass: ["elasticsearch"],
  loggingRetention: ["elasticsearch"],
};

export const LOGGING_RULES: readonly Rule[] = [
  {
    id: "config.logging",
    broken: (config) => {
      const { logging } = config;
      const odd = Object.entries(BELONG).find(
        ([key, kinds]) => config[key as keyof Config] !== undefined && !kinds.includes(logging),
      );
      if (!odd) return undefined;
      const [key, kinds] = odd as [keyof Config, readonly string[]];
      return {
        what: `${flagOf({ key: key as "logging" })} does not go with --logging ${logging}.`,
        why: `It is for ${kinds.join(" and ")}.`,
        between: ["logging", key],
        remedy: `Leave it out, or choose --logging ${kinds.join(" or ")}.`,
      };
    },
  },
  {
    id: "config.logging-url",
    broken: ({ logging, loggingOutput = "stdout", loggingUrl }) => {
      if (logging !== "fluent-bit" || (loggingOutput === "stdout") === (loggingUrl === undefined)) return undefined;
      return loggingUrl === undefined
        ? {
            what: `--logging-output ${loggingOutput} needs --logging-url.`,
            why: "It says where the logs are sent.",
            between: ["loggingOutput", "loggingUrl"],
            remedy:
              "Give the URL as pods reach it, for example https://logs.example.com:9200. A plan with --logging fluent-bit alone names the stores that are in the cluster.",
          }
        : {
            what: "--logging-url does not go with --logging-output stdout.",
            why: "Nothing is sent anywhere: the lines stand in the logs of Fluent Bit.",
            between: ["loggingOutput", "loggingUrl"],
            remedy: "Choose another --logging-output, or leave --logging-url out.",
          };
    },
  },
];
