// Everything that people do to the four contracts, each with random but mostly valid arguments.
import { accounts } from "./actions/accounts.ts";
import { artworks } from "./actions/artworks.ts";
import { bonds } from "./actions/bonds.ts";
import type { Action } from "./actions/choice.ts";
import { earnings } from "./actions/earnings.ts";
import { lanes } from "./actions/lanes.ts";
import { models } from "./actions/models.ts";
import { orders } from "./actions/orders.ts";

export const actions: Readonly<Record<string, Action>> = Object.fromEntries(
  Object.entries({ models, accounts, lanes, orders, artworks, earnings, bonds }).flatMap(([area, of]) =>
    Object.entries(of).map(([name, action]) => [`${area}.${name}`, action]),
  ),
);
