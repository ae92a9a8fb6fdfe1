// Measures the refusal of a hostile question beside a list.
import { hostileQuestions } from "../../test/indexer/hostileQueries.ts";
import { cpuSeconds } from "../measure/process.ts";
import type { Server } from "./servers.ts";

/** A question that is refused. */
export interface Refusal {
  readonly name: string;
  /** Microseconds of the server's CPU time. */
  readonly cpu: number;
}

/** Requests of each kind: the system counts a process's time in hundredths of a second. */
const TIMES = 50;
/** Before they are counted. */
const WARM_UP = 5;

/** Times that the worst refusal may cost what a list of 24 costs. */
export const MOST_TO_LIST = 20;

/** Asks each of them, every time with a text that was not seen before. */
export async function refusals({ port, pid }: Server): Promise<Refusal[]> {
  const measured: Refusal[] = [];
  for (const name of Object.keys(hostileQuestions())) {
    const bodies = Array.from({ length: WARM_UP + TIMES }, (_, i) => json(hostileQuestions(`${i}`)[name]));
    let before = 0;
    for (const [i, body] of bodies.entries()) {
      if (i === WARM_UP) before = cpuSeconds(pid);
      const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
        method: "POST",
        // Other media types answer refusals with 200.
        headers: { "content-type": "application/json", accept: "application/graphql-response+json" },
        body,
      });
      if (response.status !== 400) throw new Error(`${name}: ${response.status} ${await response.text()}`);
      await response.arrayBuffer();
    }
    measured.push({ name, cpu: Math.round((1e6 * (cpuSeconds(pid) - before)) / TIMES) });
  }
  return measured.sort((a, b) => b.cpu - a.cpu);
}

/** JSON of a question. Lists within each other are written by hand: `JSON.stringify` has no room for so many. */
function json(question: unknown): string {
  let levels = 0;
  const text = JSON.stringify(question, (_, value) => {
    const depth = depthOf(value);
    if (depth < 1_000) return value;
    levels = depth;
    return DEEP;
  });
  return text.replace(`"${DEEP}"`, `${"[".repeat(levels)}${"]".repeat(levels)}`);
}

const DEEP = "lists within lists";

function depthOf(value: unknown): number {
  let depth = 0;
  for (let inner = value; Array.isArray(inner); [inner] = inner) depth++;
  return depth;
}
