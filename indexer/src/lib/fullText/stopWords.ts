// Words that say nothing about a picture. Those of English are of Postgres's own list, with what an apostrophe leaves ("we've", "they'll"); of
// other languages with Latin letters only articles and the like that are no words of English.

export const stopWords: ReadonlySet<string> = new Set(
  `a about am an and any are as at be because been being but by d did do does doing each for from had has have having he her hers
   herself him himself his how i if in into is it its itself just ll m me my myself of on or our ours ourselves own re s she so some such t
   than that the their theirs them themselves then there these they this those to too ve very was we were what when where which while who
   whom why will with you your yours yourself yourselves
   da das de dem den der des du ein eine einen einer el et il la las le les los mit und un una une y`.split(/\s+/),
);

/** Returns whether a word, as `tokensOf` makes it, says nothing. */
export function isStopWord(word: string): boolean {
  return stopWords.has(word);
}
