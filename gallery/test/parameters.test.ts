/** Parameters of the list of artworks: read from a URL, and written to one. */
import { describe, expect, it } from "vitest";
import { filterOf, pathOf, readQuestion, withFilter } from "../src/features/explore/parameters.ts";

const ARTIST = "0x14dC79964da2C08b23698B3D3cc7Ca32193d9955";
const question = (query: string) => readQuestion(new URLSearchParams(query));

describe("a question", () => {
  it("is the newest artworks without parameters, and the best match with words", () => {
    expect(question("")).toEqual({ search: "", filters: {}, order: "NEWEST", after: undefined });
    expect(question("q=+sea+&tag=&unknown=1")).toMatchObject({ search: "sea", filters: {}, order: "BEST" });
  });

  it("is the same again from the path that it has", () => {
    for (const query of [
      ...["", "q=sea", "q=a+%26+b%3D%C3%A9&order=OLDEST", `artist=${ARTIST}&model=7&tag=night+sky&size=512x768`],
      ...["series=3&after=abc", "order=TRENDING"],
    ]) {
      const asked = question(query);
      expect([query, question(pathOf(asked).split("?")[1] ?? "")]).toEqual([query, asked]);
    }
    expect(pathOf(question("order=NEWEST"))).toBe("/explore");
    expect(pathOf(question("q=sea&order=NEWEST"))).toBe("/explore?q=sea&order=NEWEST");
  });

  it("begins at its first page when a filter changes", () => {
    const asked = question("tag=sea&model=1&after=abc");
    expect(pathOf(withFilter(asked, "tag", undefined))).toBe("/explore?model=1");
    expect(pathOf(withFilter(asked, "size", "64x64"))).toBe("/explore?model=1&tag=sea&size=64x64");
  });

  it("becomes the API's filter", () => {
    expect(filterOf(question(`artist=${ARTIST}&model=7&tag=Night&size=512x768&series=3`))).toEqual({
      ...{ artist: [ARTIST.toLowerCase()], modelIds: [7n], tags: ["night"], sizes: ["512x768"], seriesId: 3n },
    });
  });

  it.each([
    ["model=x", "The parameter model is not a token id."],
    ["series=-1", "The parameter series is not a series id."],
    ["size=512", "The parameter size is not a size such as 512x768."],
    ["owner=0x1", "The parameter owner is not an address."],
    [`worker=${ARTIST.replace("dC", "DC")}`, "The parameter worker has a wrong checksum"],
    [`tag=${"x".repeat(65)}`, "The parameter tag is longer than 64 characters."],
    [`q=${"x".repeat(1_001)}`, "The parameter q is longer than 1,000 characters."],
  ])("with %s is refused by name", (query, message) => {
    expect(() => question(query)).toThrow(message);
  });
});
