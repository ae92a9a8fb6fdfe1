import {
  aipgAbi,
  type GridContracts,
  gridSettlementAbi,
  LANE_WORK,
  type LaneConfig,
  laneId as laneIdOf,
  MIN_THAW_DELAY,
  SignerRole,
} from "@gridnft/sdk";
import type { Logger } from "pino";
import {
  type Abi,
  type Address,
  formatEther,
  getAddress,
  type Hex,
  isAddressEqual,
  type PublicClient,
  zeroAddress,
} from "viem";
import type { Chain } from "../chain/chain.ts";
import type { Database } from "../database/database.ts";
import type { TreasurySettings } from "../environment.ts";
import { describeError } from "../error.ts";
import { minBigInt } from "./amounts.ts";
import { WANTED_SECONDS } from "./laneFunding.ts";
import { availableOn, type LaneRow, laneConfigOf, lockLane } from "./lanes.ts";
import { type ContractCall, encodeCall, RevertError, type Sender } from "./sender.ts";
import { syncLanes } from "./settlementSync.ts";

const DAY = 24 * 60 * 60 * 1_000;
/** AIPG wei below which an idle lane's funds are not worth two transactions. */
const MIN_THAW = 10n ** 16n;
/** Smallest top-up, which cancels a thaw. */
const ONE_WEI = 1n;
/** Checks after which an idle lane without work is read again. Each costs calls of the chain. */
const IDLE_CHECK_FACTOR = 30;
/** Milliseconds until the same message is logged again, and until a failed step is retried. */
const LOG_INTERVAL = 10 * 60_000;
const RETRY_INTERVAL = 30_000;

/** Transaction of the account's own key. */
export interface TreasuryStep {
  /** Description in words. */
  readonly what: string;
  readonly call: ContractCall;
}

interface Step extends TreasuryStep {
  readonly abi: Abi;
  /** Set for steps that open a lane, whose number per day is limited. */
  readonly isOpening?: boolean;
  /** Stores the chain's new state. */
  readonly done?: (block: bigint) => Promise<void>;
  /** Handles a revert of the contract. */
  readonly refused?: (error: RevertError) => Promise<void>;
}

export interface TreasuryParts {
  readonly settings: TreasurySettings;
  readonly database: Database;
  readonly chain: Chain;
  readonly log: Pick<Logger, "info" | "warn" | "error">;
}

interface TreasuryLane extends LaneRow {
  /** Set if a job needs it now. */
  readonly wanted: boolean;
  /** Set if no job needed it for long, and none is under way. */
  readonly idle: boolean;
}

/**
 * Treasury of a gateway: it has the account's own key, apart from the process that serves requests. It registers the configured hot keys,
 * caps the TREASURER, keeps the account filled, opens empty lanes that jobs need, and withdraws idle lanes' funds.
 *
 * The database asks, the settings decide: no row makes it name another key, pay a lane, or lift a cap. Money goes into lanes by the
 * TREASURER alone, within its cap on chain.
 */
export class Treasury {
  /** Times of the last day's transactions that open lanes. */
  #openings: number[] = [];
  readonly #loggedAt = new Map<string, number>();
  readonly #pauses = new Map<string, number>();
  /** Time of the last check of an idle lane without a step. */
  readonly #checkedAt = new Map<Hex, number>();

  constructor(private readonly parts: TreasuryParts) {}

  /** Sends the due transactions, one after the other. No other treasury of the account works meanwhile. */
  async work(sender: Sender, stopping: AbortSignal): Promise<void> {
    const { database, log } = this.parts;
    // A treasury with nothing to do takes no lock.
    if ((await this.#steps()).length === 0) return;
    await database.withLock("gridnft gateway account", async () => {
      for (const step of await this.#steps()) {
        if (stopping.aborted) return;
        if ((this.#pauses.get(step.what) ?? 0) > Date.now()) continue;
        if (step.isOpening && !this.#mayOpen()) continue;
        try {
          // Without an answer it may be on chain.
          if (step.isOpening) this.#openings.push(Date.now());
          const block = await sender.send(step.call, step.abi);
          log.info({ block: block.toString() }, step.what);
          await step.done?.(block);
        } catch (error) {
          this.#pauses.set(step.what, Date.now() + RETRY_INTERVAL);
          log.error({ error: describeError(error) }, `not done: ${step.what}`);
          if (!(error instanceof RevertError)) continue;
          if (step.isOpening) this.#openings.pop();
          await step.refused?.(error);
        }
      }
    });
  }

  #mayOpen(): boolean {
    const { dailyLanes } = this.parts.settings;
    this.#openings = this.#openings.filter((time) => time > Date.now() - DAY);
    if (this.#openings.length < dailyLanes) return true;
    this.#logOnce("error", `${dailyLanes} lanes were opened within a day. No more are.`);
    return false;
  }

  /** Returns the due transactions for an account whose key is elsewhere, such as a multisig. */
  async plan(): Promise<TreasuryStep[]> {
    return (await this.#steps()).map(({ what, call }) => ({ what, call }));
  }

  async #steps(): Promise<Step[]> {
    const { database } = this.parts;
    const table = await database.one<{ name: string | null }>("SELECT to_regclass('cloud.signer_proof')::text AS name");
    if (!table?.name) {
      this.#logOnce("warn", "The database has no tables of this version yet: a cloud makes them when it starts.");
      return [];
    }
    return [...(await this.#keySteps()), ...(await this.#moneySteps()), ...(await this.#laneSteps())];
  }

  get #contracts(): GridContracts<PublicClient> {
    return this.parts.chain.contracts;
  }

  #step(what: string, functionName: string, args: readonly unknown[], more: Partial<Step> = {}): Step {
    return { what, call: encodeCall(this.#contracts.settlement, functionName, args), abi: gridSettlementAbi, ...more };
  }

  /** Returns the steps that register hot keys and set the TREASURER's cap. */
  async #keySteps(): Promise<Step[]> {
    const { settings, database, chain } = this.parts;
    const { settlement } = this.#contracts;
    const steps: Step[] = [];
    const keys = [
      { role: SignerRole.PAYER_SIGNER, name: "PAYER_SIGNER", key: settings.signer },
      { role: SignerRole.TREASURER, name: "TREASURER", key: settings.treasurer },
    ];
    const waiting = new Set<Address>();
    for (const { role, name, key } of keys) {
      const known = await settlement.read.signerOf([key]);
      if (isAddressEqual(known.account, settings.account) && known.role === role && known.revokedAt === 0) continue;
      if (known.account !== zeroAddress) {
        waiting.add(key);
        this.#logOnce(
          "error",
          `${key} can't be the ${name}: it has another role or account, or was revoked. Make a new key.`,
        );
        continue;
      }
      const proof = await database.one<{ deadline: string; proof: Hex }>(
        "SELECT deadline, proof FROM cloud.signer_proof WHERE account = $1 AND role = $2 AND signer = $3 AND deadline > $4",
        [settings.account.toLowerCase(), role, key.toLowerCase(), (chain.now() + 60n).toString()],
      );
      if (!proof) {
        waiting.add(key);
        this.#logOnce("warn", `The ${name} ${key} is not registered, and no cloud that has it left its proof.`);
        continue;
      }
      steps.push(
        this.#step(`register the ${name} ${key}`, "addSigner", [key, role, BigInt(proof.deadline), proof.proof]),
      );
    }
    if (waiting.has(settings.treasurer)) return steps;
    const { cap } = await settlement.read.treasurerCapOf([settings.treasurer]);
    if (cap !== settings.cap) {
      const what = `let the TREASURER move ${formatEther(settings.cap)} AIPG a day into lanes`;
      steps.push(this.#step(what, "setTreasurerCap", [settings.treasurer, settings.cap]));
    }
    return steps;
  }

  /** Returns the steps of a deposit, when the account's balance is below half of its target. */
  async #moneySteps(): Promise<Step[]> {
    const { settings } = this.parts;
    const { settlement, aipg } = this.#contracts;
    const { balance } = await settlement.read.accountOf([settings.account]);
    if (balance * 2n >= settings.balance) return [];
    const held = await aipg.read.balanceOf([settings.account]);
    const amount = minBigInt(held, settings.balance - balance);
    if (amount < settings.balance - balance) {
      this.#logOnce("warn", `${settings.account} is short of AIPG: it has ${formatEther(balance + held)}.`);
    }
    if (amount === 0n) return [];
    const steps: Step[] = [];
    if ((await aipg.read.allowance([settings.account, settlement.address])) < amount) {
      const call = encodeCall(aipg, "approve", [settlement.address, amount]);
      steps.push({ what: `approve ${formatEther(amount)} AIPG for the deposit`, call, abi: aipgAbi });
    }
    steps.push(this.#step(`deposit ${formatEther(amount)} AIPG`, "deposit", [amount]));
    return steps;
  }

  async #laneSteps(): Promise<Step[]> {
    const { settings, database } = this.parts;
    const lanes = await database.all<TreasuryLane>(
      `SELECT l.*, coalesce(l.wanted_at > now() - $2 * interval '1 second', false) AS wanted,
         greatest(l.created_at, l.wanted_at, (
           SELECT v.created_at FROM cloud.voucher v WHERE v.lane_id = l.lane_id ORDER BY v.number DESC LIMIT 1))
           < now() - $3 * interval '1 second'
         AND NOT EXISTS (
           SELECT FROM cloud.job j WHERE j.worker = l.worker AND j.lane_id = l.lane_id AND j.status IN ('claimed', 'running')) AS idle
       FROM cloud.lane l WHERE l.payer = $1 ORDER BY l.wanted_at NULLS LAST, l.lane_id`,
      [settings.account.toLowerCase(), WANTED_SECONDS, settings.idleSeconds],
    );
    const steps: Step[] = [];
    for (const lane of lanes) {
      try {
        const step = lane.state === "opening" ? await this.#openStep(lane) : await this.#idleStep(lane);
        if (step) steps.push(step);
      } catch (error) {
        this.parts.log.error({ lane: lane.lane_id, error: describeError(error) }, "lane could not be looked after");
      }
    }
    return steps;
  }

  /** Returns the step that opens a lane for a job: empty, on this treasury's own terms. */
  async #openStep(lane: TreasuryLane): Promise<Step | undefined> {
    if (!lane.wanted) return undefined;
    const { chain } = this.parts;
    const config = laneConfigOf(lane);
    const problem = this.#termsProblem(lane, config);
    if (problem !== undefined) {
      this.#logOnce("error", `Lane ${lane.lane_id} is not opened: ${problem}.`);
      return undefined;
    }
    const sync = (block: bigint) => syncLanes(this.parts, [lane.lane_id], block);
    const { opened } = await this.#contracts.settlement.read.laneOf([lane.lane_id]);
    if (opened) {
      await sync((await chain.refresh()).number);
      return undefined;
    }
    if (!(await chain.isBonded(config.worker))) {
      this.#logOnce("warn", `No lane is opened to ${getAddress(config.worker)}: it is not bonded.`);
      return undefined;
    }
    return this.#step(`open a lane to ${getAddress(config.worker)}`, "openLane", [config, 0n], {
      isOpening: true,
      done: sync,
      refused: async ({ reason }) => {
        // Terms that are refused now will be refused for ever: the cloud makes others.
        if (reason !== "GridSettlement_FeeConfigRefused") return;
        await this.parts.database.run(
          "UPDATE cloud.lane SET state = 'closed' WHERE lane_id = $1 AND state = 'opening'",
          [lane.lane_id],
        );
      },
    });
  }

  #termsProblem({ lane_id }: LaneRow, config: LaneConfig): string | undefined {
    const { settings, chain } = this.parts;
    if (laneIdOf(config, chain.domain) !== lane_id) return "its terms are not those of its id";
    if (!isAddressEqual(config.payer, settings.account)) return "another account is its payer";
    if (!isAddressEqual(config.payerSigner, settings.signer)) return `${config.payerSigner} is not the PAYER_SIGNER`;
    if (config.kind !== LANE_WORK || config.thawDelay !== MIN_THAW_DELAY) return "its kind or its delay is another one";
    return undefined;
  }

  /** Returns the step that thaws an idle lane's funds, withdraws them, or cancels the thaw when a job needs the lane. */
  async #idleStep(lane: TreasuryLane): Promise<Step | undefined> {
    const isRelevant = lane.resting || lane.thawing || lane.idle;
    if (!isRelevant) return undefined;
    if (!lane.wanted && !lane.thawing && BigInt(lane.free) < MIN_THAW) return undefined;
    const { poll } = this.parts.settings;
    if (!lane.wanted && (this.#checkedAt.get(lane.lane_id) ?? 0) > Date.now() - poll * IDLE_CHECK_FACTOR)
      return undefined;
    const step = await this.#nextIdleStep(lane);
    if (!step) this.#checkedAt.set(lane.lane_id, Date.now());
    return step;
  }

  async #nextIdleStep(lane: TreasuryLane): Promise<Step | undefined> {
    const { chain, database } = this.parts;
    const { settlement } = this.#contracts;
    const config = laneConfigOf(lane);
    const { number, timestamp } = await chain.refresh();
    const at = { blockNumber: number };
    const [state, window] = await Promise.all([
      settlement.read.laneOf([lane.lane_id], at),
      settlement.read.THAW_WINDOW(),
    ]);
    if (!state.opened) return undefined;
    const ready = BigInt(state.thawReadyAt);
    const isThawing = ready !== 0n;
    const isPending = isThawing && timestamp <= ready + BigInt(window);
    const sync = (block: bigint) => syncLanes(this.parts, [lane.lane_id], block);
    const isNeeded = lane.wanted && lane.state === "open";
    // The lane's money and its promises are read at one block.
    await sync(number);
    const available = await database.transaction(async (queries) =>
      availableOn(queries, await lockLane(queries, lane.lane_id)),
    );
    const withdrawable = minBigInt(state.thawing, state.free);
    // Money that was promised while the thaw was on its way stays in the lane.
    if (isThawing && (isNeeded || (isPending && withdrawable > available))) {
      return this.#step(`take back the thaw of lane ${lane.lane_id}`, "topUpLane", [config, ONE_WEI], {
        done: async (block) => {
          await sync(block);
          if (isNeeded) await this.#clearResting(lane);
        },
        refused: async ({ reason }) => {
          // It takes no more for ever: a successor is made, and this one's money comes home.
          if (reason !== "GridSettlement_FeeConfigRefused") return;
          await database.run("UPDATE cloud.lane SET state = 'closed' WHERE lane_id = $1", [lane.lane_id]);
        },
      });
    }
    if (isNeeded) {
      await this.#clearResting(lane);
      return undefined;
    }
    if (isPending) {
      if (timestamp < ready) return undefined;
      const what = `bring ${formatEther(withdrawable)} AIPG of lane ${lane.lane_id} home`;
      return this.#step(what, "finaliseLaneThaw", [config], {
        done: sync,
        refused: async () => sync((await chain.refresh()).number),
      });
    }
    if (!lane.idle || available < MIN_THAW) return undefined;
    const amount = await this.#setResting(lane);
    if (amount === undefined) return undefined;
    const what = `ask ${formatEther(amount)} AIPG of idle lane ${lane.lane_id} back`;
    return this.#step(what, "thawLane", [config, amount], { done: sync });
  }

  /**
   * Marks a lane as resting, and returns its funds that are not promised. The mark is stored before the transaction: an earlier job is
   * counted, and a later one does not use this lane.
   */
  #setResting({ lane_id }: LaneRow): Promise<bigint | undefined> {
    return this.parts.database.transaction(async (queries) => {
      const lane = await lockLane(queries, lane_id);
      const busy = await queries.one(
        `SELECT 1 FROM cloud.lane l WHERE l.lane_id = $1 AND (l.wanted_at > now() - $2 * interval '1 second' OR EXISTS (
           SELECT FROM cloud.job j WHERE j.worker = l.worker AND j.lane_id = l.lane_id AND j.status IN ('claimed', 'running')))`,
        [lane_id, WANTED_SECONDS],
      );
      if (busy) return undefined;
      const available = await availableOn(queries, lane);
      if (available < MIN_THAW) return undefined;
      await queries.run("UPDATE cloud.lane SET resting = true WHERE lane_id = $1", [lane_id]);
      return available;
    });
  }

  /** Lets jobs use a lane again. */
  async #clearResting({ lane_id, worker }: LaneRow): Promise<void> {
    await this.parts.database.transaction(async (queries) => {
      await queries.run("UPDATE cloud.lane SET resting = false WHERE lane_id = $1", [lane_id]);
      queries.notify("cloud_queue", `worker ${worker}`);
    });
  }

  #logOnce(level: "warn" | "error", message: string): void {
    if ((this.#loggedAt.get(message) ?? 0) > Date.now() - LOG_INTERVAL) return;
    this.#loggedAt.set(message, Date.now());
    this.parts.log[level](message);
  }
}
