/** A part of a text. */
export interface Part {
  readonly from: number;
  readonly to: number;
}
