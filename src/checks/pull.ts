import type { Remedy } from "../ports/error.ts";
import type { ShellCommand } from "../ports/shell.ts";
import type { ClusterEvent } from "./events.ts";

/** Why an image could not be pulled, from the words of the container runtime. */
export interface PullProblem {
  /** `401 from gcr.io` */
  readonly summary: string;
  readonly remedy: Remedy;
  /** The registry refused it: repeating may not help (rule 7). */
  readonly refused: boolean;
  readonly host: string;
}

/** Texts of containerd, CRI-O, Docker and go-containerregistry that say a status without its number; the first that matches counts. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/toomanyrequests/i, "429"],
  [/authentication required|unauthorized/i, "401"],
  [/(manifest|name)[ _]unknown|not found/i, "404"],
];
const REFUSALS = new Set(["401", "403", "404"]);
const SAYS: Readonly<Record<string, string>> = { "404": " (manifest unknown)", "429": " (too many pulls)" };

const hostOf = (image: string): string => {
  const [first = ""] = image.split("/");
  return image.includes("/") && /[.:]|^localhost$/.test(first) ? first : "docker.io";
};

/** `message` as the kubelet gives it: the whole chain of errors, or less from an old kubelet. */
export const pullProblem = (image: string, message: string, command?: ShellCommand): PullProblem => {
  const host = hostOf(image);
  // The name of an image may contain anything.
  const said = message.replaceAll(image, "").replaceAll(/[0-9a-f]{64}/g, "");
  const status = / ([45]\d\d) [A-Z]/.exec(said)?.[1] ?? WORDS.find(([words]) => words.test(said))?.[1];
  const isDenied = status === undefined && /access denied|denied:|insufficient_scope/i.test(said);
  if (isDenied) {
    const text = `The image does not exist there, or only for those who log in: make a pull secret, or ${OTHER_REGISTRY}.`;
    return { summary: `access denied by ${host}`, remedy: { text, command }, refused: true, host };
  }
  if (status === undefined) {
    // The innermost error is the one that tells: `dial tcp: lookup gcr.io: no such host`.
    const inner = said.split('": ').at(-1)?.trim().split("\n")[0] ?? "";
    const text = `The nodes cannot pull from ${host}: look at their network and proxy, or use a mirror with --image-registry. If that is what was wrong, take it back: --reset-choice image-registry.`;
    return {
      summary: inner.slice(0, 200) || `no answer from ${host}`,
      remedy: { text, command },
      refused: false,
      host,
    };
  }
  return {
    summary: `${status} from ${host}${SAYS[status] ?? ""}`,
    remedy: { text: remedyText(status, host, image), command },
    refused: REFUSALS.has(status),
    host,
  };
};

const remedyText = (status: string, host: string, image: string): string => {
  switch (status) {
    case "404":
      return `${host} does not have ${image}: copy the image there, or ${OTHER_REGISTRY}.`;
    case "429":
      return `${host} limits pulls; it goes on by itself. Logging in, or a mirror with --image-registry, avoids it.`;
    case "401":
    case "403":
      return `${host} does not give ${image} to the nodes: a pull secret, a node identity with access, or --image-registry.`;
    default:
      return `${host} has trouble; it goes on by itself once that is over. A mirror with --image-registry avoids it.`;
  }
};

/** The choice is noted before the first pull, so that the next run begins with it. */
export const OTHER_REGISTRY = "correct --image-registry, or take it back: --reset-choice image-registry";

/** How often, by what happened to a pod, the registry refused this image to it. */
export const refusals = (image: string, events: readonly ClusterEvent[]): number =>
  events
    .filter(({ reason, message }) => reason === "Failed" && message.startsWith(`Failed to pull image "${image}"`))
    .filter(({ message }) => pullProblem(image, message).refused)
    .reduce((sum, { count }) => sum + count, 0);
