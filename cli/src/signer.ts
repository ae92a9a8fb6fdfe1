import type { WalletClient } from "@gridnft/sdk";
import { createWalletClient, defineChain, type Hex, http, type LocalAccount } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { usageError } from "./failure.ts";
import type { Grid, GridPlaces, NamedAccount } from "./grid.ts";
import { type CommonOptions, openSession, type Session } from "./program.ts";
import { isAddressLike, readAccountName, readAddress } from "./values.ts";

/** Account that signs and sends. */
export interface Signer {
  /** Name in grid.json, or of the variable that the key came from. */
  readonly name: string;
  readonly account: LocalAccount;
  readonly wallet: WalletClient;
}

/** Options of commands that sign. */
export interface SigningOptions extends CommonOptions {
  readonly account?: string;
}

/** Session of a command that signs. */
export interface SignedSession {
  readonly session: Session;
  readonly grid: Grid;
  readonly signer: Signer;
}

/** Opens the grid and the account of a command that signs. */
export async function openSigned(options: SigningOptions): Promise<SignedSession> {
  const session = openSession(options);
  const grid = await session.grid();
  return { session, grid, signer: openSigner(grid, options.account, session) };
}

/** Sources of the choice where the command line makes none. */
type SignerSources = Pick<Session, "environment" | "config">;

/** The account that signs where none is named: the artist of a local grid. */
export function defaultAccount({ accounts }: GridPlaces): NamedAccount | undefined {
  return accounts.find(({ name }) => name === "artist") ?? accounts[0];
}

/**
 * The account that `--account` names: one of grid.json by name or address, or the environment variable that holds a key.
 * Without it: GRID_PRIVATE_KEY, else the setting `account`, else grid.json's artist. Keys are never taken from the command line,
 * which others can read.
 *
 * @throws usage error that lists the choices.
 */
export function openSigner(grid: Grid, option: string | undefined, { environment, config }: SignerSources): Signer {
  const choice = option ?? (environment.GRID_PRIVATE_KEY ? undefined : config.account);
  const source = option === undefined ? "the setting account" : "--account";
  const { name, key } = findKey(grid, { choice, source }, environment);
  const account = privateKeyToAccount(key);
  const chain = defineChain({
    id: grid.chainId,
    name: `chain ${grid.chainId}`,
    nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
    rpcUrls: { default: { http: [grid.rpcUrl] } },
  });
  const transport = http(grid.rpcUrl, { retryCount: 1, timeout: 20_000 });
  return {
    name,
    account,
    wallet: createWalletClient({ account, chain, transport, pollingInterval: 200, cacheTime: 0 }),
  };
}

function findKey(
  grid: Grid,
  { choice, source }: { readonly choice: string | undefined; readonly source: string },
  environment: NodeJS.ProcessEnv,
): { name: string; key: Hex } {
  const { accounts } = grid;
  if (choice === undefined) {
    if (environment.GRID_PRIVATE_KEY) return ofVariable("GRID_PRIVATE_KEY", environment);
    const artist = defaultAccount(grid);
    if (artist) return { name: artist.name, key: keyOf(artist.name, artist.privateKey) };
    throw usageError("There is no account to sign with: set GRID_PRIVATE_KEY to a private key.", "NO_ACCOUNT");
  }
  readAccountName(source, choice);
  const address = isAddressLike(choice) ? readAddress(source, choice) : undefined;
  const known = accounts.find((account) =>
    address === undefined ? account.name === choice : account.address.toLowerCase() === address.toLowerCase(),
  );
  if (known) return { name: known.name, key: keyOf(known.name, known.privateKey) };
  if (environment[choice]) return ofVariable(choice, environment);
  const names = accounts.map(({ name }) => name).join(", ");
  throw usageError(
    `There is no account "${choice}"${source === "--account" ? "" : `, which ${source} names`}. ${names ? `The grid has ${names}; or name` : "Name"} an environment variable that holds a key.`,
    "ACCOUNT_UNKNOWN",
  );
}

function ofVariable(name: string, environment: NodeJS.ProcessEnv): { name: string; key: Hex } {
  return { name, key: keyOf(name, environment[name] ?? "") };
}

function keyOf(name: string, text: string): Hex {
  const hex = /^(?:0x)?([0-9a-fA-F]{64})$/.exec(text.trim())?.[1];
  if (hex === undefined) throw usageError(`The key in ${name} is not 32 bytes of hex.`, "KEY_INVALID");
  return `0x${hex}`;
}
