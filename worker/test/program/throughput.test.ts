/** Estimates: learnt from overhead and rate, bounded by what was seen, and never a refusal for ever. */
import { expect, it } from "vitest";
import { createThroughput, type Throughput } from "../../src/jobs/throughput.ts";

type Sized = Parameters<Throughput["learn"]>[0];
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
  const throughput = createThroughput();
  for (let i = 0; i < 8; i++) throughput.learn(job(64, 2), 0.3);
  expect(throughput.estimate(usual, 1)).toBeLessThan(10);
  expect(throughput.estimate(usual, 4)).toBeLessThan(25);
});

it("tells overhead and rate apart once it has seen two sizes", () => {
  const throughput = createThroughput();
  for (const seen of [job(64, 10), job(256, 20), job(512, 30), job(128, 10), job(512, 10)])
    throughput.learn(seen, slow(seen));
  for (const asked of [job(64, 2), job(256, 30), job(512, 50), job(1_024, 30)]) {
    expect((throughput.estimate(asked, 1) - 5) / 1.5).toBeCloseTo(slow(asked), 3);
  }
  expect((throughput.estimate(usual, 3) - 5) / 1.5).toBeCloseTo(3 * slow(usual), 3);
});

it("keeps to what it saw where times fall with size, or only one size was seen", () => {
  const odd = createThroughput();
  odd.learn(job(512, 30), 1);
  odd.learn(job(64, 2), 9);
  for (const asked of [job(64, 2), usual, job(2_048, 100)]) {
    expect(odd.estimate(asked, 1)).toBeGreaterThan(5);
    expect(odd.estimate(asked, 1)).toBeLessThan(5 + 9 * 1.5);
  }
  const single = createThroughput();
  single.learn(usual, 20);
  expect((single.estimate(job(512, 60), 1) - 5) / 1.5).toBeCloseTo(40, 6);
  expect((single.estimate(job(512, 3_000), 1) - 5) / 1.5).toBeCloseTo(160, 6);
});

it("knows nothing of a model that it has not run", () => {
  const throughput = createThroughput();
  throughput.learn(usual, 500);
  expect(throughput.estimate(job(512, 30, 2n), 4)).toBe(5);
});

it("learns from a picture that was given up, and does not forget it for a picture of the same kind", () => {
  const throughput = createThroughput();
  throughput.learnAtLeast(usual, 600);
  expect(throughput.estimate(usual, 1)).toBeGreaterThan(600);
  // One that was given up sooner says nothing against it.
  throughput.learnAtLeast(usual, 10);
  expect(throughput.estimate(usual, 1)).toBeGreaterThan(600);
});

it("fades, so that an estimate alone never refuses for ever", () => {
  const { now, pass } = clock();
  const throughput = createThroughput(now);
  throughput.learn(usual, 10_000);
  const first = throughput.estimate(usual, 1);
  expect(first).toBeGreaterThan(10_000);
  pass(600);
  expect((throughput.estimate(usual, 1) - 5) / (first - 5)).toBeCloseTo(0.5, 6);
  pass(6_000);
  expect(throughput.estimate(usual, 1)).toBeLessThan(60);
  // A trial brings it back.
  throughput.learnAtLeast(usual, 600);
  expect(throughput.estimate(usual, 1)).toBeGreaterThan(900);
});
