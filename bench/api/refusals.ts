// Measures the refusal of a hostile question beside a list.
import { hostileQuestions } from "../../test/indexer/hostile.ts";
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
    const bodies = Array.from({ length: WARM_UP + TIMES }, (_, i) => JSON.stringify(hostileQuestions(`${i}`)[name]));
    let before = 0;
    for (const [i, body] of bodies.entries()) {
      if (i === WARM_UP) before = cpuSeconds(pid);
      const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
      });
      if (response.status !== 400) throw new Error(`${name}: ${response.status} ${await response.text()}`);
      await response.arrayBuffer();
    }
    measured.push({ name, cpu: Math.round((1e6 * (cpuSeconds(pid) - before)) / TIMES) });
  }
  return measured.sort((a, b) => b.cpu - a.cpu);
}
