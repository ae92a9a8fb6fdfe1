/** Estimates: learnt from overhead and rate, bounded by what was seen, and never a refusal for ever. */
import { expect, it } from "vitest";
import { createPace, type Pace } from "../../src/pace.ts";

type Sized = Parameters<Pace["learn"]>[0];
const job = (side: number, steps: number, modelId = 1n): Sized =>
  ({ request: { width: side, height: side, steps }, order: { modelId } }) as Sized;
/** The README's own command. */
const usual = job(512, 30);
/** Seconds of a machine with a second of overhead and 20 s for the usual picture. */
const slow = ({ request: { width, height, steps } }: Sized): number =>
  1 + (20 * width * height * steps) / (512 * 512 * 30);

const clock = () => {
  let now = 1_000_000;
  const pass = (seconds: number): void => {
    now += seconds * 1_000;
  };
  return { now: () => now, pass };
};

it("says next to nothing of a usual picture after eight tiny ones that were all overhead", () => {
  const pace = createPace();
  for (let i = 0; i < 8; i++) pace.learn(job(64, 2), 0.3);
  expect(pace.estimate(usual, 1)).toBeLessThan(10);
  expect(pace.estimate(usual, 4)).toBeLessThan(25);
});

it("tells overhead and rate apart once it has seen two sizes", () => {
  const pace = createPace();
  for (const seen of [job(64, 10), job(256, 20), job(512, 30), job(128, 10), job(512, 10)])
    pace.learn(seen, slow(seen));
  for (const asked of [job(64, 2), job(256, 30), job(512, 50), job(1_024, 30)]) {
    expect((pace.estimate(asked, 1) - 5) / 1.5).toBeCloseTo(slow(asked), 3);
  }
  expect((pace.estimate(usual, 3) - 5) / 1.5).toBeCloseTo(3 * slow(usual), 3);
});

it("keeps to what it saw where times fall with size, or only one size was seen", () => {
  const odd = createPace();
  odd.learn(job(512, 30), 1);
  odd.learn(job(64, 2), 9);
  for (const asked of [job(64, 2), usual, job(2_048, 100)]) {
    expect(odd.estimate(asked, 1)).toBeGreaterThan(5);
    expect(odd.estimate(asked, 1)).toBeLessThan(5 + 9 * 1.5);
  }
  const single = createPace();
  single.learn(usual, 20);
  expect((single.estimate(job(512, 60), 1) - 5) / 1.5).toBeCloseTo(40, 6);
  expect((single.estimate(job(512, 3_000), 1) - 5) / 1.5).toBeCloseTo(160, 6);
});

it("knows nothing of a model that it has not run", () => {
  const pace = createPace();
  pace.learn(usual, 500);
  expect(pace.estimate(job(512, 30, 2n), 4)).toBe(5);
});

it("learns from a picture that was given up, and does not forget it for a picture of the same kind", () => {
  const pace = createPace();
  pace.learnAtLeast(usual, 600);
  expect(pace.estimate(usual, 1)).toBeGreaterThan(600);
  // One that was given up sooner says nothing against it.
  pace.learnAtLeast(usual, 10);
  expect(pace.estimate(usual, 1)).toBeGreaterThan(600);
});

it("fades, so that an estimate alone never refuses for ever", () => {
  const { now, pass } = clock();
  const pace = createPace(now);
  pace.learn(usual, 10_000);
  const first = pace.estimate(usual, 1);
  expect(first).toBeGreaterThan(10_000);
  pass(600);
  expect((pace.estimate(usual, 1) - 5) / (first - 5)).toBeCloseTo(0.5, 6);
  pass(6_000);
  expect(pace.estimate(usual, 1)).toBeLessThan(60);
  // A trial brings it back.
  pace.learnAtLeast(usual, 600);
  expect(pace.estimate(usual, 1)).toBeGreaterThan(900);
});
