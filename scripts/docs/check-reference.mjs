// Every export can be understood from its hover: it is documented, with its members; an option that may be left out says
// what happens then; a function that takes arguments says what it throws. With TypeDoc's eyes, which `npm run docs:api`
// writes the reference with.
import { Application, ReflectionKind, ReflectionType, TSConfigReader, TypeDocReader } from 'typedoc';

/** Functions that take arguments and throw nothing of their own, whatever they are given. */
const neverThrow = new Set([
  'isStatusError',
  'statusName',
  'findDetail',
  'addLogFields',
  'defaultServerLevel',
  'defaultClientLevel',
  'snakeCase',
  'encodeOutcome',
  'systemLookup',
  'collect',
]);

const app = await Application.bootstrap({}, [new TypeDocReader(), new TSConfigReader()]);
const project = await app.convert();
if (project === undefined) process.exit(1);
app.validate(project);

const ours = project
  .getReflectionsByKind(ReflectionKind.All)
  .filter(
    (each) => each.sources?.some(({ fullFileName }) => /\/src\/(?!gen\/)/.test(fullFileName)) && !each.inheritedFrom,
  );

const faults = [
  ...ours.filter((each) => wantsComment(each) && !hasComment(each)).map((each) => `${nameOf(each)} has no comment`),
  ...ours
    .filter((each) => isOptionalOption(each) && !saysWhatAbsenceMeans(each))
    .map((each) => `${nameOf(each)} may be left out, and does not say what happens then (@default)`),
  ...ours
    .filter((each) => takesArguments(each) && !each.signatures.every(saysWhatItThrows))
    .map((each) => `${nameOf(each)} takes arguments, and does not say what it throws (@throws)`),
].sort();

for (const fault of faults) console.error(fault);
if (faults.length > 0 || app.logger.hasErrors() || app.logger.hasWarnings()) process.exit(1);
console.log(`${ours.length} symbols are documented`);

function wantsComment(each) {
  const { Function: fn, Class, Interface, TypeAlias, Variable, Property, Method, Accessor } = ReflectionKind;
  if (!each.kindOf([fn, Class, Interface, TypeAlias, Variable, Property, Method, Accessor])) return false;
  // The parts of a type that is written down in place explain each other.
  return each.parent?.kind !== ReflectionKind.TypeLiteral;
}

function hasComment(each) {
  const { comment, getSignature, signatures = [], type } = each;
  const ofFunction = type instanceof ReflectionType ? (type.declaration.signatures ?? []) : [];
  const found = [
    comment,
    getSignature?.comment,
    ...[...signatures, ...ofFunction].map((signature) => signature.comment),
  ];
  return found.some((one) => one !== undefined && (one.summary.length > 0 || one.blockTags.length > 0));
}

function isOptionalOption(each) {
  const inOptions = /(Options|Init|Settings|Ejection|Policy|Overrides|Volume)$/.test(each.parent?.name ?? '');
  // Whoever leaves a listener out is not told.
  return inOptions && each.flags.isOptional && !/^on[A-Z]|^observer$/.test(each.name);
}

function saysWhatAbsenceMeans({ comment }) {
  if (comment === undefined || comment.blockTags.some(({ tag }) => tag === '@default')) return true;
  const text = comment.summary.map((part) => part.text).join('');
  return /\b(without|absent|unless|where it is not given|what is left out|otherwise)\b/i.test(text);
}

function takesArguments(each) {
  return each.kindOf(ReflectionKind.Function) && !neverThrow.has(each.name) && each.signatures.some(takesSome);
}

function takesSome({ parameters = [] }) {
  return parameters.length > 0;
}

function saysWhatItThrows({ comment }) {
  return comment === undefined || comment.blockTags.some(({ tag }) => tag === '@throws');
}

function nameOf(each) {
  return `${each.sources[0].fileName}:${each.sources[0].line}: ${each.getFriendlyFullName()}`;
}
