import { it } from "vitest";
import { startGallery } from "./gallery.ts";
import { everything, listFields } from "./questions.ts";

it("tries", async () => {
  let t = Date.now();
  const gallery = await startGallery(5000);
  console.log("start", Date.now() - t);
  for (const q of [
    "{ artworks(first: 2) { totalCount totalIsExact nodes { tokenId name model { name } artist { address artworksOwned } } pageInfo { endCursor } } }",
    '{ artworks(first: 2, search: "study", filter: {tags: "fox", modelIds: 1}) { totalCount edges { snippet rank cursor node { tokenId prompt }} } }',
    "{ artworkFacets { total models { modelId count model { name } } verified { verified count } sizes { value count } tags { value count } } }",
    '{ artworkFacets(filter: {samplers: "euler"}, first: 3) { total models { modelId count model { name } } verified { verified count } sizes { value count } tags { value count } } }',
    '{ artworkFacets(search: "study", first: 3) { total isApproximate models { modelId count } verified { verified count } sizes { value count } tags { value count } } }',
    "{ holders(collection: ARTWORK, first: 2) { totalCount nodes { address tokens account { artworksOwned } } } collection(collection: MODEL) { items holders transfers mintedLastDay usageRoyalties } }",
  ]) {
    t = Date.now();
    console.log(JSON.stringify(await gallery.ask(q)).slice(0, 600), Date.now() - t);
  }
  for (const { name, node } of listFields()) {
    const args = name === "holders" ? "(collection: ARTWORK, first: 3)" : "(first: 3)";
    const query = `{ ${name}${args} { totalCount nodes ${everything(node, 2)} } }`;
    const a = (await gallery.answerer.answer({ query })).result;
    const b = JSON.parse(JSON.stringify(await gallery.answerer.answerByReference({ query })));
    console.log(
      name,
      JSON.stringify(a) === JSON.stringify(b),
      a.errors ?? "",
      gallery.errors.splice(0).map(String).join(),
    );
  }
  await gallery.stop();
}, 300000);
