/** Machinery that programs share: who a client is, what it may spend, entity tags, parameters of URLs. */
import { describe, expect, it } from "vitest";
import { clientOf, createRateLimit, namesTag, networkOf, readSearchParameters } from "../src/node/index.ts";

describe("the network of an address", () => {
  it.each([
    ["192.0.2.1", "192.0.2.1"],
    [" 192.0.2.1:5678 ", "192.0.2.1"],
    ["2001:db8:1:2::1", "2001:db8:1:2::/64"],
    ["2001:DB8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"],
    ["[2001:db8:1:2::1]", "2001:db8:1:2::/64"],
    ["[2001:db8:1:2::1]:443", "2001:db8:1:2::/64"],
    ['"[2001:db8:1:2::1]:443"', "2001:db8:1:2::/64"],
    ["2001:0db8:0001:0002::", "2001:db8:1:2::/64"],
    ["::1", "0:0:0:0::/64"],
    ["::", "0:0:0:0::/64"],
    ["1::", "1:0:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["[fe80::1%25en0]:80", "fe80:0:0:0::/64"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["::ffff:c000:0201", "192.0.2.1"],
    ["0:0:0:0:0:ffff:c000:201", "192.0.2.1"],
    ["[::ffff:192.0.2.1]:443", "192.0.2.1"],
    ["2001:db8:1:2::ffff:192.0.2.1", "2001:db8:1:2::/64"],
  ])("%s is %s", (address, network) => {
    expect(networkOf(address)).toBe(network);
  });

  it.each([
    ...["", "unknown", "_hidden", "192.0.2", "192.0.2.256", "192.0.2.1:", "192.0.2.1:x", "0x7f.1", "2130706433"],
    ...["2001:db8::1::2", "[2001:db8::1", "2001:db8::g", "[::1]x", "example.org", "[]", "1:2:3:4:5:6:7:8:9", ":::"],
  ])("there is none in %j", (text) => {
    expect(networkOf(text)).toBeUndefined();
  });
});

describe("the client of a request", () => {
  const socket = "10.0.0.7";

  it.each([
    [0, "203.0.113.1", "10.0.0.7"],
    [1, "203.0.113.1", "203.0.113.1"],
    [1, "198.51.100.7, 203.0.113.1:4711", "203.0.113.1"],
    [2, "198.51.100.7, 203.0.113.1", "198.51.100.7"],
    // Shorter than there are proxies: it did not come through all of them, so nothing in it is trusted.
    [2, "203.0.113.1", "10.0.0.7"],
    [1, "203.0.113.1, unknown", "10.0.0.7"],
    [1, "", "10.0.0.7"],
    [1, undefined, "10.0.0.7"],
  ])("behind %i proxies that say %j is %s", (proxies, forwarded, client) => {
    expect(clientOf({ socket, forwarded, proxies })).toBe(client);
  });

  it("is unknown where there is no address at all", () => {
    expect(clientOf({ socket: undefined, forwarded: undefined, proxies: 0 })).toBe("unknown");
  });
});

describe("an entity tag", () => {
  it.each([
    ['"a"', '"a"', true],
    ['W/"a"', '"a"', true],
    ['"a"', 'W/"a"', true],
    ['"b", W/"a" ,"c"', 'W/"a"', true],
    ['"x,y"', '"x,y"', true],
    ['"x,y"', '"y"', false],
    [" * ", '"a"', true],
    ['"b"', '"a"', false],
    ["a", '"a"', false],
    ["", '"a"', false],
    [undefined, '"a"', false],
  ])("is named by %j: %j %s", (header, tag, isNamed) => {
    expect(namesTag(header, tag)).toBe(isNamed);
  });
});

describe("the query of a URL", () => {
  const known = { names: ["a", "tags"], lists: ["tags"] };

  it("is read by names", () => {
    expect(readSearchParameters("?a=x%20y&tags=1&tags=2&tags=3", known)).toEqual({ a: "x y", tags: ["1", "2", "3"] });
    expect(readSearchParameters("", known)).toEqual({});
    expect(readSearchParameters("?", known)).toEqual({});
  });

  it.each([
    ["?b=1", "b is not a parameter of this route: this route takes a, tags."],
    ["?a=1&a=1", "a is given more than once."],
    ["?__proto__=1", "__proto__ is not a parameter of this route: this route takes a, tags."],
    ["?a=%E4", "The URL's query is not percent-encoded UTF-8."],
    ["?a=x%00y", "a has a zero byte (%00)."],
    ["?a=%", "The URL's query is not percent-encoded UTF-8."],
    ["?=1", "An empty name is not a parameter of this route: this route takes a, tags."],
  ])("%s is refused", (search, message) => {
    expect(() => readSearchParameters(search, known)).toThrow(message);
  });
});

describe("a bucket", () => {
  it("fills evenly", () => {
    let now = 0;
    const limit = createRateLimit(60, () => now);
    expect(limit.take("a", 60)).toBe(0);
    expect(limit.take("a", 1)).toBe(1);
    expect(limit.take("b", 1)).toBe(0);
    now = 999;
    expect(limit.take("a", 1)).toBe(1);
    now = 1_000;
    expect(limit.take("a", 1)).toBe(0);
    now = 3_600_000;
    expect(limit.take("a", 60)).toBe(0);
    expect(limit.take("a", 30)).toBe(30);
  });

  it("is charged at most half a minute in advance", () => {
    let now = 0;
    const limit = createRateLimit(60, () => now);
    limit.charge("a", 1_000_000);
    expect(limit.take("a", 1)).toBe(31);
    now = 31_000;
    expect(limit.take("a", 1)).toBe(0);
  });

  it("lets through what costs more than it holds, when it is full", () => {
    const limit = createRateLimit(10, () => 0);
    expect(limit.take("a", 25)).toBe(0);
    expect(limit.take("a", 1)).toBe(36); // a debt is half a minute at most
  });
});
