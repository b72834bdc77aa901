/**
 * Names as Route 53 writes them (Developer Guide, "DNS domain name format"): absolute, with a trailing dot, lower case, every
 * byte but `a-z 0-9 - _ .` as a backslash and three octal digits. `*` comes back as `\052`.
 */

const octal = (byte: number): string => `\\${byte.toString(8).padStart(3, "0")}`;

/** `*.apps.example.com` → `\052.apps.example.com`; also the form that IAM compares with (without a trailing dot). */
export const escapeName = (name: string): string =>
  normalName(name).replace(/[^a-z0-9._\\-]/gu, (character) => [...Buffer.from(character)].map(octal).join(""));

/** Lower case, without the trailing dot. What would read as another name when decoded (a dot in a label) stays escaped. */
export const normalName = (name: string): string =>
  name
    .replace(/\\([0-7]{3})/g, (escaped, digits: string) => {
      const character = String.fromCharCode(Number.parseInt(digits, 8));
      return /^[!-~]$/.test(character) && character !== "." && character !== "\\" ? character : escaped;
    })
    .replace(/\.$/, "")
    .toLowerCase();
