import { X509Certificate } from "node:crypto";

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

/**
 * The certificates of a PEM text (RFC 7468), each from BEGIN to END, in its order. Every character is looked at once: a regular expression that
 * looks for the END of each BEGIN takes minutes where there is none. Throws {@link TooManyCertificates} for more than 500.
 */
export const blocksIn = (pem: string): readonly string[] => {
  const blocks: string[] = [];
  let begin = pem.indexOf(BEGIN);
  while (begin >= 0) {
    const end = pem.indexOf(END, begin + BEGIN.length);
    if (end < 0) return blocks;
    if (blocks.length === MOST) throw new TooManyCertificates();
    blocks.push(pem.slice(begin, end + END.length));
    begin = pem.indexOf(BEGIN, end + END.length);
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
