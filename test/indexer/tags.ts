/** Tags and keys of artworks, told in another way than the indexer's. */

/** The first 64 characters, less those that make it more than 200 bytes. */
export function shortened(text: string): string {
  const characters = [...text].slice(0, 64);
  while (Buffer.byteLength(characters.join("")) > 200) characters.pop();
  return characters.join("");
}

/** Tags as lists and filters know them. */
export function tagList(text: string): string[] {
  const tags: string[] = [];
  for (const stated of text.split(",")) {
    const tag = shortened(stated.trim().normalize("NFC").toLowerCase()).trim();
    if (tag !== "" && !tags.includes(tag) && tags.length < 32) tags.push(tag);
  }
  return tags;
}
