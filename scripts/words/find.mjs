// Finds words that may not come back in a text.

/** Each with what to write in its place. Spaces match a line break, too, with the comment mark of the next line. */
const WORDS = [
  ['whoever', 'name them: the caller, the client'],
  ['whomever', 'name them: the caller, the client'],
  ['anew', 'again'],
  ['for ever', 'forever'],
  ['somebody', 'name them: the caller, the client'],
  ['nobody', 'name them: no caller, no client'],
  // "is no longer" and "there is no such method" are plain English.
  ['(?<!there )is no(?! longer)', 'is not a'],
  ['is none', 'is not one'],
  ['needs not', 'does not need to'],
  ['that there (?:are|is)', 'leave it out'],
  ['could be had', 'say what could not be obtained'],
  ['stands(?! (?:in )?for)', 'is, comes, is listed'],
  ['tells', 'notifies, reports, says'],
  ['he', 'they'],
  ['him', 'them'],
  ['his', 'their'],
].map(([word, instead]) => ({ instead, pattern: new RegExp(`(?<![\\w-])${spaced(word)}(?![\\w-])`, 'gi') }));

/** A space of a word is any space: a line break with the mark that opens a line of a comment, or that of a string, too. */
function spaced(word) {
  return word.replaceAll(' ', String.raw`(?:\s+(?:(?://|\*|#|>)\s*)?|\s*['"]\s*\+\s*['"]\s*)`);
}

/** The words of a text in the order in which they are there: each with its line, and what to write in its place. */
export function findWords(text) {
  return WORDS.flatMap(({ pattern, instead }) =>
    [...text.matchAll(pattern)].map(({ index, 0: word }) => ({
      index,
      line: text.slice(0, index).split('\n').length,
      word: word.replace(/\W+/g, ' '),
      instead,
    })),
  ).sort((a, b) => a.index - b.index);
}
