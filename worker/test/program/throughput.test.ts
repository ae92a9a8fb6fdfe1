/** Estimates: learnt from overhead and rate, bounded by what was seen, and never a refusal for ever. */
import { expect, it } from "vitest";
import { createRandom } from "../../../test/fixtures/random.ts";
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
  const odd = createThroughput(clock().now);
  odd.learn(job(512, 30), 1);
  odd.learn(job(64, 2), 9);
  for (const asked of [job(64, 2), usual, job(2_048, 100)]) {
    expect(odd.estimate(asked, 1)).toBeGreaterThan(5);
    expect(odd.estimate(asked, 1)).toBeLessThanOrEqual(5 + 9 * 1.5);
  }
  const single = createThroughput(clock().now);
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

/** Seconds of an estimate of one image without margin and caution. */
const bare = (throughput: Throughput, asked: Sized): number => (throughput.estimate(asked, 1) - 5) / 1.5;

it("remembers a large picture through a hundred small ones, and does not take it for as slow as they are", () => {
  const throughput = createThroughput();
  throughput.learn(usual, 20);
  for (let i = 1; i <= 100; i++) {
    throughput.learn(job(64, 2), 0.5);
    expect([i, bare(throughput, usual) > 15, bare(throughput, usual) <= 2 * 20]).toEqual([i, true, true]);
  }
});

it("ages by pictures of its own size: small ones keep no wrong estimate of large ones alive", () => {
  const { now, pass } = clock();
  const throughput = createThroughput(now);
  throughput.learn(usual, 10_000);
  for (let minute = 0; minute < 120; minute++) {
    pass(60);
    throughput.learn(job(64, 2), 0.5);
  }
  expect(throughput.estimate(usual, 1)).toBeLessThan(60);
  expect(throughput.estimate(job(256, 30), 1)).toBeLessThan(60);
  expect(bare(throughput, job(64, 2))).toBeCloseTo(0.5, 1);
});

it.each([1, 2, 3, 4, 5, 6, 7, 8])("stays near a machine's times after any pictures, of seed %i", (seed) => {
  const { next: random, pick } = createRandom(seed);
  const { now, pass } = clock();
  const throughput = createThroughput(now);
  const [overhead, rate] = [3 * random(), (40 * random()) / (512 * 512 * 30)];
  const workOf = ({ request: { width, height, steps } }: Sized): number => width * height * steps;
  const timeOf = (asked: Sized): number => overhead + rate * workOf(asked);
  const seen: { readonly picture: Sized; readonly at: number }[] = [];
  const [low, high, old, beyond] = [[], [], [], []] as [number[], number[], number[], number[]];
  for (let i = 0; i < 300; i++) {
    // Long runs of one size, and pauses.
    const repeated = random() < 0.8 ? seen.at(-1)?.picture : undefined;
    const picture = repeated ?? job(64 * pick([1, 2, 4, 8, 16]), pick([1, 2, 4, 20, 30, 90]));
    pass(random() < 0.02 ? 3_000 * random() : timeOf(picture));
    throughput.learn(picture, timeOf(picture) * (0.8 + 0.4 * random()));
    seen.push({ picture, at: now() });
    low.push(bare(throughput, picture) / timeOf(picture));
    for (const before of seen.slice(-100)) {
      const ratio = bare(throughput, before.picture) / timeOf(before.picture);
      const age = (now() - before.at) / 1_000;
      // Half of it is left, or a hundredth.
      if (age < 600) high.push(ratio);
      else if (age < 4_000) old.push(ratio);
    }
    beyond.push(bare(throughput, job(2_048, 100)) / Math.max(...seen.map((one) => timeOf(one.picture))));
  }
  expect(Math.min(...low)).toBeGreaterThan(1 / 3);
  expect(Math.max(...high)).toBeLessThan(5);
  expect(Math.max(0, ...old)).toBeLessThan(20);
  expect(Math.max(...beyond)).toBeLessThan(16);
});

it("knows nothing after a week without work, and believes new pictures more than those from before an hour's rest", () => {
  const { now, pass } = clock();
  const throughput = createThroughput(now);
  for (let i = 0; i < 40; i++) throughput.learn(usual, 100);
  pass(3_600);
  throughput.learn(usual, 10);
  expect(throughput.estimate(usual, 1)).toBeLessThan(5 + 1.5 * 20);
  pass(7 * 86_400);
  expect(throughput.estimate(usual, 1)).toBe(5);
});
