// Which steps of the check a command line asks for.
import { parseArgs } from 'node:util';
import { groupNames, steps } from './steps.mjs';

/** What the arguments ask for. Throws an error that says what is wrong with them. */
export function readArguments(argv) {
  const off = { type: 'boolean', default: false };
  const options = { all: off, 'keep-going': off, list: off, group: { type: 'string', multiple: true, default: [] } };
  const { values, positionals } = parseArgs({ args: argv, options, allowPositionals: true });
  const unknown = values.group.filter((group) => !groupNames.includes(group));
  if (unknown.length > 0) {
    throw new Error(`--group: expected one of ${groupNames.join(', ')}, got ${unknown.join(', ')}`);
  }
  const chosen = choose(values.group, positionals, values.all);
  if (chosen.length === 0) throw new Error(`No claim has the words ${positionals.join(', ')}: --list shows all claims`);
  return { keepGoing: values['keep-going'], list: values.list, chosen };
}

/** The steps of these groups whose claims have one of these words, with what they need, each with the tier's command. */
function choose(groups, words, all) {
  const inTier = steps
    .map((step) => ({ ...step, command: (all && step.all) || step.command }))
    .filter(({ command }) => command !== undefined);
  const wanted = inTier.filter(
    ({ group, claim }) =>
      (groups.length === 0 || groups.includes(group)) &&
      (words.length === 0 || words.some((word) => claim.toLowerCase().includes(word.toLowerCase()))),
  );
  const needed = new Set(wanted.map(({ needs }) => needs));
  return inTier.filter((step) => wanted.includes(step) || needed.has(step.claim));
}
