import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { lasts } from "../../src/cli/rehearsal/lasts.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const never = new AbortController().signal;

it("it lasts as long as was asked for", async () => {
  const over = vi.fn();
  void lasts(3_600, never).then(over);
  await vi.advanceTimersByTimeAsync(3_599_000);
  expect(over).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(over).toHaveBeenCalled();
});

it("more days than a timer can count do not end at once", async () => {
  const over = vi.fn();
  void lasts(30 * 24 * 3_600, never).then(over);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(over).not.toHaveBeenCalled();
});

it("a machine that slept past its end ends it within seconds", async () => {
  const over = vi.fn();
  void lasts(3_600, never).then(over);
  vi.setSystemTime(Date.now() + 3_600_000);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(over).toHaveBeenCalled();
});

it("without a time, the signal ends it, and no timer is left", async () => {
  const ending = new AbortController();
  const over = lasts(undefined, ending.signal);
  ending.abort();
  await over;
  expect(vi.getTimerCount()).toBe(0);
});

it("it ends when it is not wanted any more", async () => {
  const over = vi.fn();
  void lasts(3_600, never, () => false).then(over);
  await vi.advanceTimersByTimeAsync(1);
  expect(over).toHaveBeenCalled();
});
