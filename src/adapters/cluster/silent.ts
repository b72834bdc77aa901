/** Nothing came for too long. */
export class Silent extends Error {
  readonly code = "ERR_SILENT";
  readonly seconds: number;
  constructor(milliseconds: number) {
    super(`nothing came for ${milliseconds} ms`);
    this.name = "Silent";
    this.seconds = milliseconds / 1000;
  }
}
