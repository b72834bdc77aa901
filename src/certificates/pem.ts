import { X509Certificate } from "node:crypto";
import { messageOf } from "../ports/error.ts";
import { certificateBlocks } from "../ports/pem.ts";

const BEGIN = "-----BEGIN CERTIFICATE-----";
const END = "-----END CERTIFICATE-----";

/** A chain has two or three, a bundle of all public roots some 150. */
const MOST = 500;

/** More certificates than anybody has a use for; each one costs time to judge. */
export class TooManyCertificates extends Error {
  constructor() {
    super(`it holds more than ${MOST} certificates`);
    this.name = "TooManyCertificates";
  }
}

/** The certificates of a PEM text, each from BEGIN to END, in its order. Throws {@link TooManyCertificates} for more than 500. */
export const blocksIn = (pem: string): readonly string[] => {
  const blocks: string[] = [];
  for (const block of certificateBlocks(pem)) {
    if (blocks.length === MOST) throw new TooManyCertificates();
    blocks.push(block);
  }
  return blocks;
};

/** The same, read. Throws when one cannot be, or its key or its dates cannot, which OpenSSL only finds out when it is asked for them. */
export const certificatesIn = (pem: string): readonly X509Certificate[] =>
  blocksIn(pem).map((block) => {
    const certificate = new X509Certificate(block);
    const { publicKey, validFromDate, validToDate } = certificate;
    if (publicKey.type !== "public" || Number.isNaN(validFromDate.getTime()) || Number.isNaN(validToDate.getTime()))
      throw new Error("a certificate without a key or without dates");
    return certificate;
  });

/**
 * In which line something follows the END of a certificate, from 1: two files were put together of which the first has no line end, and no
 * reader of PEM takes that (RFC 7468 section 3). Undefined: nowhere.
 */
export const joinedLine = (pem: string): number | undefined => {
  const index = pem.split("\n").findIndex((line) => {
    const end = line.indexOf(END);
    return end >= 0 && line.slice(end + END.length).trim() !== "";
  });
  return index === -1 ? undefined : index + 1;
};

export const joinedWords = (line: number): string =>
  `BEGIN CERTIFICATE stands in the same line as the END before it, line ${line}`;

/** Why a text is not one or more certificates in PEM; undefined: it is. */
export const pemProblem = (pem: string): string | undefined => {
  if (!pem.includes(BEGIN)) return "no line says BEGIN CERTIFICATE";
  const line = joinedLine(pem);
  if (line !== undefined) return joinedWords(line);
  let read = 0;
  try {
    for (const block of blocksIn(pem)) {
      new X509Certificate(block);
      read += 1;
    }
  } catch (error) {
    return error instanceof TooManyCertificates
      ? error.message
      : `certificate ${read + 1} cannot be read (${messageOf(error)})`;
  }
  return read < pem.split(BEGIN).length - 1
    ? `no line says END CERTIFICATE after certificate ${read + 1} begins`
    : undefined;
};
