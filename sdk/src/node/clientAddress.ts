/** Connection of a request, as a server sees it. */
export interface Connection {
  /** Address of the socket's other end. */
  readonly socket: string | undefined;
  /** X-Forwarded-For; several headers joined by commas. */
  readonly forwarded: string | undefined;
  /** Reverse proxies in front of the server. Each appends one entry to the header. */
  readonly proxies: number;
}

/**
 * Returns the client that a request counts for: an IPv4 address, or the /64 network of an IPv6 address. The address is the entry that the
 * outermost trusted proxy wrote. An absent or malformed entry counts for the socket.
 */
export function clientOf({ socket, forwarded, proxies }: Connection): string {
  const entry = proxies > 0 ? forwarded?.split(",").at(-proxies) : undefined;
  return (entry !== undefined && networkOf(entry)) || (socket !== undefined && networkOf(socket)) || "unknown";
}

/**
 * Returns the network of an address: `192.0.2.1`, `192.0.2.1:443`, `2001:db8::1`, `fe80::1%eth0`, `[2001:db8::1]` or `[2001:db8::1]:443`.
 * An IPv4-mapped IPv6 address is the IPv4 address. Undefined for anything else.
 */
export function networkOf(text: string): string | undefined {
  const entry = text.trim().replace(/^"(.*)"$/, "$1");
  const ipv4 = /^(\d{1,3}(?:\.\d{1,3}){3})(?::\d{1,5})?$/.exec(entry)?.[1];
  if (ipv4 !== undefined) return ipv4.split(".").every((part) => Number(part) < 256) ? canonicalIpv4(ipv4) : undefined;
  const bracketed = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(entry)?.[1];
  const parts = ipv6Parts((bracketed ?? entry).replace(/%[\w.~-]+$/, ""));
  if (!parts) return undefined;
  const mapped = parts.slice(0, 5).every((part) => part === 0) && parts[5] === 0xffff;
  if (!mapped) return `${parts.slice(0, 4).map(hex).join(":")}::/64`;
  const [high = 0, low = 0] = parts.slice(6);
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}

function canonicalIpv4(text: string): string {
  return text.split(".").map(Number).join(".");
}

/** The eight numbers of an IPv6 address. The platform's URL parser reads the text, with its rules for `::` and dotted ends. */
function ipv6Parts(text: string): number[] | undefined {
  if (!/^[\da-f:.]+$/i.test(text) || !text.includes(":") || !URL.canParse(`http://[${text}]`)) return undefined;
  const [left = "", right] = new URL(`http://[${text}]`).hostname.slice(1, -1).split("::");
  const [head, tail] = [left, right ?? ""].map((side) => (side === "" ? [] : side.split(":")));
  if (!head || !tail) return undefined;
  const zeros = Array<string>(8 - head.length - tail.length).fill("0");
  return [...head, ...zeros, ...tail].map((part) => Number.parseInt(part, 16));
}

function hex(part: number): string {
  return part.toString(16);
}
