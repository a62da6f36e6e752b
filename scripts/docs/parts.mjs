import ts from 'typescript';

/** Exported `…Options` that are no options of ours. */
const FOREIGN = ['InstrumentOptions'];

/** What the page of a folder lacks of what every such page has. */
export function missingParts(path, text) {
  const sections = text.split(/^##+ /m);
  const parts = [
    [
      'a sentence and an example before its first heading',
      /^# .+\n\n[^|#]+?\n\n(<!-- from .+ -->\n)?```/.test(sections[0]),
    ],
    ['a program and what it prints', /^```ts run$/m.test(text)],
    ['the options, with a table', /^\| option/m.test(text)],
    ['a section on the four call kinds', sections.some((section) => section.startsWith('In the four call kinds'))],
    ['a section on its neighbours', sections.some((section) => section.startsWith('Neighbours'))],
  ];
  return parts.filter(([, present]) => !present).map(([part]) => `${path} lacks ${part}`);
}

/** The options of a folder's functions that its page does not name in code. */
export function unnamedOptions(program, index, path, text) {
  const checker = program.getTypeChecker();
  const code = [...text.matchAll(/`([^`\n]+)`|^```ts\n([^]*?)^```/gm)].map((match) => match[1] ?? match[2]).join('\n');
  const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(index)));
  return exported.flatMap((symbol) => {
    if (!symbol.name.endsWith('Options') || FOREIGN.includes(symbol.name)) return [];
    const declared = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    const own = ({ declarations }) =>
      !declarations.some((each) => each.getSourceFile().fileName.includes('node_modules'));
    return checker
      .getDeclaredTypeOfSymbol(declared)
      .getProperties()
      .filter((property) => own(property) && !new RegExp(`\\b${property.name}\\b`).test(code))
      .map(({ name }) => `${path} does not name the option ${name} of ${symbol.name}`);
  });
}
