import pg from 'pg';

/** Statements that a connection remembers: more than repositories have, fewer than would be a burden to the server. */
const MAX_NAMED = 500;

const names = new Map<string, string>();

type Query = (config: unknown, ...rest: unknown[]) => unknown;

/** A connection on which every statement with values has a name, so that the server parses and plans it only once. */
export class PreparedClient extends pg.Client {
  constructor(config?: pg.ClientConfig) {
    super(config);
    // The driver's own has a dozen overloads; what comes here is drizzle's one form.
    const query = this.query.bind(this) as Query;
    const prepared: Query = (config, ...rest) => query(named(config, rest[0]), ...rest);
    this.query = prepared as typeof this.query;
  }
}

function named(config: unknown, values: unknown): unknown {
  const { text, name } = config as pg.QueryConfig;
  if (typeof text !== 'string' || name !== undefined || !Array.isArray(values) || values.length === 0) return config;
  return { ...(config as pg.QueryConfig), name: nameOf(text) };
}

/** Nothing when there are too many already: then the statement is one like any other. */
function nameOf(text: string): string | undefined {
  const known = names.get(text);
  if (known !== undefined || names.size >= MAX_NAMED) return known;
  const name = `shop_${names.size + 1}`;
  names.set(text, name);
  return name;
}
