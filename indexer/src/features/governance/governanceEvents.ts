import type { Event } from "ponder:registry";
import { governanceEvent } from "ponder:schema";
import type { Protocol } from "../../lib/amounts.ts";
import { setProtocol } from "../../lib/counters.ts";
import type { EventContext, Store } from "../../lib/eventContext.ts";
import { type LogName, registerHandler } from "../../lib/registerHandler.ts";
import { toJson } from "../activity/activity.ts";

type Contract = LogName extends `${infer contract}:${string}` ? contract : never;
type ActName<contract extends Contract> =
  Extract<LogName, `${contract}:${string}`> extends `${string}:${infer name}` ? name : never;
type Act<name extends LogName> = (
  args: Event<name>["args"],
  given: { readonly db: Store; readonly context: EventContext },
) => Partial<Protocol> | Promise<Partial<Protocol>>;

/**
 * Registers the handlers of a contract's acts of governance, which write them down. `plain` are those without a column of their own: events
 * of OpenZeppelin's contracts and of ERC-5267/7572. The others set what their function returns.
 */
export function registerActs<contract extends Contract>(
  contract: contract,
  plain: readonly ActName<contract>[],
  others: { readonly [name in ActName<contract>]?: Act<Extract<LogName, `${contract}:${name}`>> },
): void {
  const acts = Object.entries<unknown>({ ...Object.fromEntries(plain.map((name) => [name, () => ({})])), ...others });
  for (const [name, act] of acts as [string, Act<LogName>][]) {
    registerHandler(`${contract}:${name}` as LogName, async ({ db, context, event: { args } }) => {
      setProtocol(context, await act(args, { db, context }));
      const { chainId, seq, time, block, tx } = context;
      await db
        .insert(governanceEvent)
        .values({ chainId, seq, contract, name, detail: toJson(args ?? {}), time, block, tx });
    });
  }
}
