import type { Account, Chain, Client, Transport } from "viem";
import type { Deployment } from "../chain/deployment.js";
import type { ReadClient, WalletClient } from "../chain/transact.js";
import { verifyToken } from "../verify/verifyToken.js";
import { accountState, isNonceUsed } from "./accountState.js";
import { ensureAllowance } from "./allowance.js";
import { planAnchoring } from "./anchoring.js";
import { checkBundle } from "./bundle.js";
import { collectVouchers } from "./collect.js";
import { depositAipg } from "./deposit.js";
import { announceEvolution, evolveArtwork, planEvolution } from "./evolve.js";
import { type GenerateDirect, type Generated, type GenerateGateway, generate } from "./generate.js";
import {
  buyLicense,
  licenseState,
  licenseTerms,
  modelUser,
  setLicenseTerms,
  setModelAccess,
  setModelUser,
} from "./license.js";
import { authorizeMint, mintSeries, relayMint } from "./mintSeries.js";
import { planMint } from "./planMint.js";
import { artworkState, provenanceOf } from "./provenance.js";
import { settleInGrace, settleOrders } from "./settle.js";
import { cancelThaw, thawAipg, withdrawAipg } from "./withdraw.js";

const publicActions = {
  accountState,
  artworkState,
  checkBundle,
  isNonceUsed,
  licenseState,
  licenseTerms,
  modelUser,
  planAnchoring,
  planEvolution,
  planMint,
  provenanceOf,
  verifyToken,
} as const;

const walletActions = {
  announceEvolution,
  authorizeMint,
  buyLicense,
  cancelThaw,
  collectVouchers,
  depositAipg,
  ensureAllowance,
  evolveArtwork,
  generate,
  mintSeries,
  relayMint,
  setLicenseTerms,
  setModelAccess,
  setModelUser,
  settleInGrace,
  settleOrders,
  thawAipg,
  withdrawAipg,
} as const;

/** Options of an action, without what the client carries. Unions stay unions. */
type Rest<options> = options extends unknown ? Omit<options, "deployment"> : never;
/** An action on its client: its options alone, which may be left out when nothing else is needed. */
type Bound<action> = action extends (client: never, options: infer options) => infer result
  ? Record<never, never> extends Rest<options>
    ? (options?: Rest<options>) => result
    : (options: Rest<options>) => result
  : never;
type BoundAll<actions> = { [name in keyof actions]: Bound<actions[name]> };

/** Reads of the protocol on a client. */
export type PublicGridActions = BoundAll<typeof publicActions>;
/** Transactions and signatures of the protocol on a client with an account. */
export type WalletGridActions = Omit<BoundAll<typeof walletActions>, "generate"> & {
  generate(options: Rest<GenerateDirect | GenerateGateway>): Promise<Generated>;
};

/** Deployment that actions are for. */
export interface GridActionsOptions {
  readonly deployment: Deployment;
}

/**
 * Reads of a deployment as methods of a viem client.
 *
 * @example
 * const client = createPublicClient({ chain, transport: http() }).extend(publicGridActions({ deployment }));
 * const { owner } = await client.artworkState({ tokenId: 1001n });
 */
export function publicGridActions(options: GridActionsOptions) {
  return (client: ReadClient): PublicGridActions => bound(client, publicActions, options) as PublicGridActions;
}

/**
 * Transactions and signatures of a deployment as methods of a viem client with an account.
 *
 * @example
 * const wallet = createWalletClient({ account, chain, transport: http() }).extend(walletGridActions({ deployment }));
 * await wallet.depositAipg({ amount: parseEther("1") });
 */
export function walletGridActions(options: GridActionsOptions) {
  return (client: WalletClient): WalletGridActions => bound(client, walletActions, options) as WalletGridActions;
}

/** Both halves where the client has an account, else the reads. */
export type GridActions<account extends Account | undefined> = account extends Account
  ? PublicGridActions & WalletGridActions
  : PublicGridActions;

/**
 * Everything that this package does on a chain, as methods of a viem client: reads, and, where the client has an account,
 * transactions. Brings the whole package into a page; one function weighs less.
 *
 * @example
 * const wallet = createWalletClient({ account, chain, transport: http() }).extend(gridActions({ deployment }));
 * const { tokenIds } = await wallet.mintSeries({ bundles, series: { title: "Lighthouse" } });
 */
export function gridActions(options: GridActionsOptions) {
  return <account extends Account | undefined>(
    client: Client<Transport, Chain | undefined, account>,
  ): GridActions<account> =>
    ({
      ...bound(client, publicActions, options),
      ...(client.account && bound(client, walletActions, options)),
    }) as GridActions<account>;
}

function bound(
  client: Client,
  actions: Readonly<Record<string, unknown>>,
  { deployment }: GridActionsOptions,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(actions).map(([name, action]) => {
      const act = action as (client: Client, options: object) => unknown;
      return [name, (options?: object) => act(client, { deployment, ...options })];
    }),
  );
}
