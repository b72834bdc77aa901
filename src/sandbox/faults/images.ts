import { type Fault, SECONDS } from "./fault.ts";

/** Refusals as containerd words them (core/remotes/docker: resolver, authorizer, fetcher). */

const IMAGE = { value: "IMAGE", default: "", accepts: /^[^\s,]*$/ } as const;

const hostOf = (image: string): string => {
  const [first = ""] = image.split("/");
  return /[.:]/.test(first) ? first : "docker.io";
};

const unresolved = (image: string, why: string): string =>
  `failed to pull and unpack image "${image}": failed to resolve reference "${image}": ${why}`;

export const images: readonly Fault[] = [
  {
    name: "image-pull-401",
    summary: "The registry answers 401 to pulls of images with IMAGE in their name, by default of all",
    parameter: IMAGE,
    make: ({ parameter: part, spell }) => ({
      pull: (image) => {
        const token = `https://${hostOf(image)}/v2/token?service=${hostOf(image)}`;
        const why = `failed to authorize: failed to fetch anonymous token: unexpected status from GET request to ${token}: 401 Unauthorized`;
        return image.includes(part) && spell.strikes() ? unresolved(image, why) : undefined;
      },
    }),
  },
  {
    name: "image-pull-404",
    summary: "The registry does not have images with IMAGE in their name, by default none at all",
    parameter: IMAGE,
    make: ({ parameter: part, spell }) => ({
      pull: (image) => (image.includes(part) && spell.strikes() ? unresolved(image, `${image}: not found`) : undefined),
    }),
  },
  {
    name: "image-pull-429",
    summary: "The registry limits pulls, for SECONDS",
    parameter: SECONDS,
    make: ({ spell }) => ({
      pull: (image) => {
        const why = `unexpected status from HEAD request to https://${hostOf(image)}/v2/: 429 Too Many Requests`;
        return spell.strikes() ? unresolved(image, why) : undefined;
      },
    }),
  },
];
