/** Path of the native binary that npm installed for this machine. */
export function foundryBinary(tool: "forge" | "cast" | "anvil"): string;
