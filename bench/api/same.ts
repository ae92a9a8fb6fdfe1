// Comparison of answers: the contenders must name the same artworks.
import { connect } from "node:net";
import type { Case, Contender } from "./cases.ts";
import { isWhole, type PreparedRequest } from "./client.ts";

/** Cases in which all contenders give the same answer; the words of a search mean something else to each. */
const comparable = ["list of 24", "by id", "nested (24 x 3 events)", "deep (4 relations)"];

/** Throws when contenders give different artworks to one of the first requests of a case. */
export async function requireSame(
  servers: Readonly<Record<Contender, { readonly port: number }>>,
  cases: readonly Case[],
): Promise<void> {
  for (const { name, requests } of cases.filter((each) => comparable.includes(each.name))) {
    for (let i = 0; i < 20; i++) {
      let ours = "";
      for (const [contender, prepared] of Object.entries(requests) as [Contender, readonly PreparedRequest[]][]) {
        const request = prepared[i];
        if (!request) continue;
        const answer = await answerOf(servers[contender].port, request);
        if (contender === "ours") ours = tokensIn(answer);
        else if (tokensIn(answer) !== ours) {
          throw new Error(`${name}, request ${i}: ours names the tokens ${ours}, but ${contender} answers ${answer}`);
        }
      }
    }
  }
}

/** Token ids in a JSON text, in their order. */
export function tokensIn(json: string): string {
  return [...json.matchAll(/"tokenId":\s*"?(\d+)"?/g)].map(([, id]) => id).join(" ");
}

function answerOf(port: number, { bytes }: PreparedRequest): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1" }, () => socket.write(bytes));
    let answer = Buffer.alloc(0);
    socket.on("error", reject);
    socket.on("data", (part) => {
      answer = Buffer.concat([answer, part]);
      if (!isWhole(answer)) return;
      resolve(answer.toString("utf8"));
      socket.destroy();
    });
  });
}
