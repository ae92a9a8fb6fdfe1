// Generated from deployments/ by scripts/generate.ts: npm run generate -w sdk

/** Deployments by chain id, as in `deployments/<chainId>.json`. */
export const deployments = {} as const;
