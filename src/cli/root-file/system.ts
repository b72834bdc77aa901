/** What decides where a machine keeps the roots that it trusts. `linux`: one whose place is found by p11-kit alone. */
export type System = "macos" | "windows" | "debian" | "fedora" | "linux" | "unknown";

/** By ID and ID_LIKE of os-release(5): these share a place and a command. */
const FAMILIES: readonly (readonly [System, RegExp])[] = [
  ["debian", /^(debian|ubuntu|alpine)$/],
  ["fedora", /^(fedora|rhel|centos)$/],
];

/** `platform`: as Node has it; `osRelease`: the text of /etc/os-release, where there is one. */
export const systemOf = (platform: string, osRelease: string): System => {
  if (platform === "darwin") return "macos";
  if (platform === "win32") return "windows";
  if (platform !== "linux") return "unknown";
  const ids = [...osRelease.matchAll(/^(?:ID|ID_LIKE)=["']?([^"'\n]*)/gm)].flatMap(([, value = ""]) =>
    value.split(" "),
  );
  return FAMILIES.find(([, names]) => ids.some((id) => names.test(id)))?.[0] ?? "linux";
};
